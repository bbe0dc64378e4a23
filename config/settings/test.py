"""Tests: as development, with fast password hashes and e-mail in memory."""

from config.env import env

from .dev import *  # noqa: F403

ENVIRONMENT = env().bursar_environment or "test"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
OPERATOR_HOSTS = [*OPERATOR_HOSTS, "testserver"]  # noqa: F405
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]  # noqa: F405
