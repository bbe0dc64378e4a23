"""Production: required variables, strong keys, HTTPS only."""

from django.core.exceptions import ImproperlyConfigured

from config.env import env
from config.env.variables import REQUIRED_IN_PRODUCTION
from config.keys.checks import refuse_wrong_keys
from config.keys.kinds import declared

refuse_wrong_keys(
    env(),
    declared(),
    strict=True,
    # FILES_URL too: with several nodes, a default of local files would lose them unnoticed.
    required=(*REQUIRED_IN_PRODUCTION, *(() if env().filesystem_disk else ("files_url",))),
)

from .base import *  # noqa: E402, F403

KEYS_ARE_STRICT = True
ENVIRONMENT = env().bursar_environment or "production"
if ENVIRONMENT not in ("production", "staging"):
    raise ImproperlyConfigured("BURSAR_ENVIRONMENT of these settings is production or staging.")
CSRF_TRUSTED_ORIGINS = env().csrf_trusted_origins
BACKUP_RPO_HOURS = env().backup_rpo_hours or 25
BACKUP_RTO_HOURS = env().backup_rto_hours or 4
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",
    "security.W021",
]  # preloading binds the whole domain, so its owner decides
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
STORAGES = {
    **STORAGES,  # noqa: F405
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
