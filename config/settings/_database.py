"""Three roles, and a connection of the platform's own (decisions C27 and C29)."""

from typing import Any
from urllib.parse import unquote, urlsplit

from config.embedded import pg_bin
from config.env import env

ENGINE = "apps.tenancy.backend"


def connection(url: str, *, role: bool = False, platform: bool = False, **options: Any) -> dict[str, Any]:
    """postgresql://user:password@host:port/name as Django wants it.

    role      each tenant's work is done in that tenant's role
    platform  it is the platform's whoever's turn it is
    """
    parts = urlsplit(url)
    return {
        "ENGINE": ENGINE,
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "OPTIONS": options,
        "TENANCY": {"role": role, "platform": platform, "pooled": env().database_pooler == "transaction"},
        # A connection is kept between requests; the engine sees to it that it looks where the next tenant's data is.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def connections() -> dict[str, dict[str, Any]]:
    """`default` is the runtime, `control` the same on a connection of its own, for what the platform knows while a
    tenant's work is done; `owner` and `relay` are there only where their URLs are."""
    runtime = str(env().database_url or "postgresql://nowhere:5432/bursar")
    known = {"owner": env().database_owner_url, "relay": env().database_relay_url}
    return {
        "default": connection(runtime, role=True),
        "control": connection(runtime, platform=True),
        **{alias: connection(str(url)) for alias, url in known.items() if url},
    }


DATABASES = connections()
DATABASE_ROUTERS = ["apps.tenancy.router.SchemaRouter"]
TENANT_SYNC_ROUTER = "apps.tenancy.router.SchemaRouter"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PG_DUMP = str(pg_bin() / "pg_dump") if env().database_owner_url else ""
"""Only the owner dumps: the blueprint of new tenants is the dump of the template."""
