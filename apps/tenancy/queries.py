"""Queries on tenants."""

from __future__ import annotations

from apps.kernel.tenant import TenantInfo

from . import directory
from .models import Tenant


def tenant_named(slug: str) -> TenantInfo:
    """Raises TenantUnknown."""
    return directory.existing(directory.by_slug(slug), slug)


def active_tenants() -> list[TenantInfo]:
    """Every tenant that is open to its users, by slug."""
    return [tenant.info for tenant in Tenant.objects.filter(state__in=Tenant.OPEN).order_by("slug")]
