"""The web process."""

import os

import django

from apps.kernel.problems.odd_content_types import OddRequestHandler

from .keys.kinds import Kind
from .startup import refuse_unsafe_settings, refuse_wrong_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

refuse_wrong_keys(Kind.WEB)
django.setup(set_prefix=False)
application = OddRequestHandler()
refuse_unsafe_settings()
