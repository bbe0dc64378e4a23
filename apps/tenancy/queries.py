"""Queries on tenants."""

from __future__ import annotations

from apps.kernel.tenant import TenantInfo

from . import directory
from .errors import TenantUnknown
from .models import Tenant


def tenant_named(slug: str) -> TenantInfo:
    """Raises TenantUnknown."""
    tenant = directory.by_slug(slug)
    if tenant is None:
        raise TenantUnknown(slug=slug)
    return tenant


def active_tenants() -> list[TenantInfo]:
    """Every tenant that is open to its users, by slug."""
    return [tenant.info for tenant in Tenant.objects.filter(state__in=Tenant.OPEN).order_by("slug")]
