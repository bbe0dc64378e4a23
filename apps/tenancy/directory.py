"""Finding a tenant: by host, by slug, by id. One cached look-up, no query."""

from __future__ import annotations

from apps.kernel.caching import Cached
from apps.kernel.tenant import TenantInfo

from . import lifecycle
from .models import Domain, Tenant

TTL = 300


def _load(key: str) -> TenantInfo | None:
    kind, value = key.split(":", maxsplit=1)
    match kind:
        case "host":
            domain = Domain.objects.filter(domain=value).select_related("tenant").first()
            return domain.tenant.info if domain else None
        case "slug":
            tenant = Tenant.objects.filter(slug=value).first()
        case _:
            tenant = Tenant.objects.filter(pk=value).first()
    return tenant.info if tenant else None


_directory: Cached[str, TenantInfo | None] = Cached("directory", _load, ttl=TTL, of="public")


def _load_at_rest(_: str) -> frozenset[int]:
    return frozenset(Tenant.objects.exclude(lifecycle.having("works")).values_list("pk", flat=True))


_at_rest: Cached[str, frozenset[int]] = Cached("at_rest", _load_at_rest, ttl=TTL, of="public")


def by_host(host: str) -> TenantInfo | None:
    return _directory.get(f"host:{host.lower()}")


def by_slug(slug: str) -> TenantInfo | None:
    return _directory.get(f"slug:{slug}")


def by_id(tenant_id: int) -> TenantInfo | None:
    return _directory.get(f"id:{tenant_id}")


def at_rest() -> frozenset[int]:
    """settings.INACTIVE_TENANTS: whose news nobody hears at present."""
    return _at_rest.get("all")


def changed() -> None:
    """A tenant or domain was made or altered: nobody goes by what was known of it."""
    _directory.invalidate()
    _at_rest.invalidate()
