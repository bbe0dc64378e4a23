"""Rules of backups, restores and moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from apps.tenancy import rules as tenancy
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.models import Tenant

from . import queries
from .errors import (
    AlreadyExists,
    OwnerCredentialsMissing,
    PolicyIsNegative,
    ReplicationNotConfigured,
    TenantIsWritable,
    TenantWasErased,
)


def tenant_must_be_movable(tenant: Tenant, to: str) -> None:
    """Raises DatabaseUnknown, TenantIsPinned and OwnerCredentialsMissing."""
    tenancy.tenant_must_be_movable(tenant, to)
    for key in (tenant.database, to):
        if key not in queries.owned_databases():
            raise OwnerCredentialsMissing(database=key)


def tenant_must_be_movable_online(tenant: Tenant, to: str) -> None:
    """Raises AlreadyExists, ReplicationNotConfigured and the refusals of `tenant_must_be_movable`."""
    if tenant.database == to:
        raise AlreadyExists(name=tenant.name, database=to)
    tenant_must_be_movable(tenant, to)
    replication_must_be_configured(tenant.database)


def replication_must_be_configured(database: str) -> str:
    """The address by which the target database reads the changes of that database."""
    url: str | None = settings.DATABASE_MOVERS.get(database)
    if url is None:
        raise ReplicationNotConfigured(database=database)
    return url


def tenant_must_be_read_only(tenant: Tenant) -> None:
    """Or closed to its users."""
    if tenant.mode == Tenant.Mode.NORMAL and tenant.state in Tenant.OPEN:
        raise TenantIsWritable(name=tenant.name)


def tenant_must_not_be_erased(source: Mapping[str, Any]) -> None:
    """The tenant of the manifest of a backup file. The journal of erasures outlives the tenant."""
    if Erasure.objects.filter(number=source["id"], created_at=source["created_at"]).exists():
        raise TenantWasErased(name=source["name"])


def policy_must_not_be_negative(*limits: int) -> None:
    if min(limits) < 0:
        raise PolicyIsNegative
