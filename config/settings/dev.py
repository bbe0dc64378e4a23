"""Development, as `make up` runs it: one machine, plain HTTP."""

from .base import *  # noqa: F403

OUTBOUND_TO_LOOPBACK = True
NOTICE_SCHEMES = [*NOTICE_SCHEMES, "jira", "json"]  # noqa: F405 - over plain HTTP, to this machine
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W004", "security.W008", "security.W012", "security.W016"]
