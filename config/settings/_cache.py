"""Redis: cache, sessions and broker, each in a database of its own. Every key belongs to a tenant."""

from apps.kernel.cache.redis_url import uses_sentinel
from config.env import env

REDIS_URL = str(env().redis_url or "redis://nowhere:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "apps.kernel.cache.keys.make_key",
        "OPTIONS": {"pool_class": "apps.kernel.cache.redis_url.SentinelPool"}
        if uses_sentinel(REDIS_URL)
        else {},
    }
}
SESSION_ENGINE = "apps.tenancy.sessions"
SESSION_COOKIE_NAME = "bursar_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
