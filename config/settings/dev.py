"""Development, as `make up` runs it: one machine, plain HTTP."""

from base64 import b64encode

from .base import *  # noqa: F403

SECRET_KEY = "only-for-this-machine-and-never-in-production-" + "x" * 16
FIELD_KEYS = FIELD_KEYS or [f"dev:{b64encode(b'only-for-this-machine,never-live').decode()}"]  # noqa: F405
AUDIT_KEYS = AUDIT_KEYS or [f"dev:{b64encode(b'only-for-this-machine,never-live').decode()}"]  # noqa: F405
TOKEN_KEYS = TOKEN_KEYS or [f"dev:{b64encode(b'only-for-this-machine,never-live').decode()}"]  # noqa: F405
OUTBOUND_TO_LOOPBACK = True
NOTICE_SCHEMES = [*NOTICE_SCHEMES, "json"]  # noqa: F405 - over plain HTTP, to this machine
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W004", "security.W008", "security.W012", "security.W016"]
