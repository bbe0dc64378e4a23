"""Redis: cache, sessions and broker, each in a database of its own. Every key belongs to a tenant."""

from apps.kernel.cache.redis_url import uses_sentinel
from config.env import env

REDIS_URL = str(env().redis_url or "redis://nowhere:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "apps.kernel.cache.keys.make_key",
        "OPTIONS": {
            "serializer": "apps.kernel.cache.json_serializer.JsonSerializer",
            **(
                {"pool_class": "apps.kernel.cache.redis_url.SentinelPool"} if uses_sentinel(REDIS_URL) else {}
            ),
        },
    }
}
SESSION_ENGINE = "apps.tenancy.sessions"
SESSION_COOKIE_NAME = "bursar_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env().session_idle_minutes * 60
"""A console session ends after this time without a request. Redis forgets it then."""
SESSION_MAX_AGE_S = env().session_max_hours * 3600
"""A console session ends after this time, idle or not."""
CSRF_COOKIE_NAME = "bursar_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
"""The CSRF token is in a cookie, not in the session: the pages for visitors store nothing."""
