"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

from .startup import refuse_unsafe_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

application = get_wsgi_application()
refuse_unsafe_settings()
