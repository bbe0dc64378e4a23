"""The web process."""

import os

from django.core.wsgi import get_wsgi_application

from .keys.kinds import Kind
from .startup import refuse_unsafe_settings, refuse_wrong_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

refuse_wrong_keys(Kind.WEB)
application = get_wsgi_application()
refuse_unsafe_settings()
