"""Look-up of a tenant by host, slug or id, from the cache."""

from __future__ import annotations

from apps.kernel.cache.caching import Cached
from apps.kernel.tenant import TenantInfo

from . import lifecycle
from .errors import TenantUnknown
from .models import Domain, FormerSlug, Tenant

TTL = 300


def _load(key: str) -> TenantInfo | None:
    kind, value = key.split(":", maxsplit=1)
    match kind:
        case "host":
            domain = Domain.objects.filter(domain=value).select_related("tenant").first()
            return domain.tenant.info if domain else None
        case "slug":
            tenant = Tenant.objects.filter(slug=value).first()
        case "former":
            former = FormerSlug.objects.filter(slug=value).values("tenant_id")
            tenant = Tenant.objects.filter(pk__in=former).first()
        case "schema":
            tenant = Tenant.objects.filter(schema_name=value).first()
        case _:
            tenant = Tenant.objects.filter(pk=value).first()
    return tenant.info if tenant else None


_directory: Cached[str, TenantInfo | None] = Cached(
    "directory", _load, shape=TenantInfo | None, ttl=TTL, of="public"
)


def _load_inactive_tenants(_: str) -> frozenset[int]:
    return frozenset(Tenant.objects.exclude(lifecycle.having("works")).values_list("pk", flat=True))


_inactive_tenants: Cached[str, frozenset[int]] = Cached(
    "inactive_tenants", _load_inactive_tenants, shape=frozenset[int], ttl=TTL, of="public"
)


def existing(tenant: TenantInfo | None, name: int | str) -> TenantInfo:
    """The result of a look-up by that name. Raises TenantUnknown."""
    if tenant is None:
        raise TenantUnknown(slug=name)
    return tenant


def by_host(host: str) -> TenantInfo | None:
    return _directory.get(f"host:{host.lower()}")


def by_slug(slug: str) -> TenantInfo | None:
    return _directory.get(f"slug:{slug}")


def by_former_slug(slug: str) -> TenantInfo | None:
    """The tenant that had this short name before it was renamed."""
    return _directory.get(f"former:{slug}")


def by_id(tenant_id: int) -> TenantInfo | None:
    return _directory.get(f"id:{tenant_id}")


def by_schema(schema: str) -> TenantInfo | None:
    """settings.TENANT_BY_SCHEMA."""
    return _directory.get(f"schema:{schema}")


def inactive_tenants() -> frozenset[int]:
    """settings.INACTIVE_TENANTS: ids of tenants whose events are not delivered at present."""
    return _inactive_tenants.get("all")


def changed() -> None:
    """Invalidate the caches after a tenant or domain was created or changed."""
    _directory.invalidate()
    _inactive_tenants.invalidate()
