"""Questions about tenants."""

from __future__ import annotations

from django.db import connection

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
    """Every tenant that is served, by slug."""
    return [each.info for each in Tenant.objects.filter(state__in=Tenant.OPEN).order_by("slug")]


def fingerprint_of_this_release() -> str:
    """Of the migrations that the template has; a tenant with another is behind. Empty before the first migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fingerprint FROM tenancy_blueprint")
        found = cursor.fetchone()
    return found[0] if found else ""
