"""`make up`: on one machine, over plain HTTP."""

from .base import *  # noqa: F403

SECRET_KEY = "only-for-this-machine-and-never-in-production-" + "x" * 16
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SILENCED_SYSTEM_CHECKS = ["auth.W004", "security.W004", "security.W008", "security.W012", "security.W016"]
