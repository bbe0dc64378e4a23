"""Tables of the platform: tenants, their host names, and platform data on them. They are in the public schema only."""

from apps.tenancy.erasure.models import Erasure

from .activity import TenantActivity, TenantDay
from .platform import Database, ScheduledRun, ScheduledRunQuerySet, SchemaMigration, Spare
from .tenants import Domain, FormerSlug, Tenant

__all__ = [
    "Database",
    "Domain",
    "Erasure",
    "FormerSlug",
    "ScheduledRun",
    "ScheduledRunQuerySet",
    "SchemaMigration",
    "Spare",
    "Tenant",
    "TenantActivity",
    "TenantDay",
]
