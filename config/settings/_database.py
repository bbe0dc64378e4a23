"""Three connections, three roles (decision C27)."""

from typing import Any
from urllib.parse import unquote, urlsplit

from config.embedded import pg_bin
from config.env import env

ENGINE = "apps.tenancy.backend"


def connection(url: str, **options: Any) -> dict[str, Any]:
    """postgresql://user:password@host:port/name as Django wants it."""
    parts = urlsplit(url)
    return {
        "ENGINE": ENGINE,
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "OPTIONS": options,
        # A connection is kept between requests; the engine sees to it that it looks where the next tenant's data is.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def connections() -> dict[str, dict[str, Any]]:
    """`default` is the runtime; `owner` and `relay` are there only where their URLs are."""
    known = {
        "default": env().database_url,
        "owner": env().database_owner_url,
        "relay": env().database_relay_url,
    }
    found = {alias: connection(str(url)) for alias, url in known.items() if url}
    return found or {"default": connection("postgresql://nowhere:5432/bursar")}


DATABASES = connections()
DATABASE_ROUTERS = ["apps.tenancy.router.SchemaRouter"]
TENANT_SYNC_ROUTER = "apps.tenancy.router.SchemaRouter"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PG_DUMP = str(pg_bin() / "pg_dump") if env().database_owner_url else ""
"""Only the owner dumps: the blueprint of new tenants is the dump of the template."""
