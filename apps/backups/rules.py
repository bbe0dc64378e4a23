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
    BackupIsUnfinished,
    BackupUnknown,
    ConfirmationDiffers,
    OwnerCredentialsMissing,
    PolicyIsNegative,
    ReplicationNotConfigured,
    RestorationIsNotWaiting,
    RestorationIsUnfinished,
    RestorationUnknown,
    RestoreDrillIsWaiting,
    TenantIsWritable,
    TenantWasErased,
)
from .models import Backup, Restoration, RestoreDrill


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


def backup_must_exist(backup_id: int) -> Backup:
    """Complete, and of an existing tenant. Locks the backup until the end of the transaction."""
    backups = Backup.objects.done().exclude(tenant=None).select_related("tenant")
    backup = backups.select_for_update(of=("self",)).filter(pk=backup_id).first()
    if backup is None:
        raise BackupUnknown(number=backup_id)
    return backup


def no_backup_must_be_unfinished(tenant: Tenant) -> None:
    if Backup.objects.unfinished().filter(tenant=tenant).exists():
        raise BackupIsUnfinished(name=tenant.name)


def no_restore_drill_must_be_waiting() -> None:
    if RestoreDrill.objects.waiting().exists():
        raise RestoreDrillIsWaiting


def slug_must_be_free(slug: str) -> None:
    """For a new tenant, which no unfinished restore or clone will have."""
    tenancy.slug_must_be_well_formed(slug)
    tenancy.slug_must_be_free(slug)
    if Restoration.objects.unfinished().filter(slug=slug).exists():
        raise RestorationIsUnfinished


def no_restoration_must_be_unfinished(tenant: Tenant) -> None:
    if Restoration.objects.unfinished().filter(tenant=tenant).exists():
        raise RestorationIsUnfinished


def restoration_must_be_waiting(restoration_id: int) -> Restoration:
    """Locked until the transaction ends, so that no worker starts it."""
    restoration = Restoration.objects.select_for_update().filter(pk=restoration_id).first()
    if restoration is None:
        raise RestorationUnknown(number=restoration_id)
    if restoration.state != Restoration.State.WAITING:
        raise RestorationIsNotWaiting(restoration=restoration)
    return restoration


def name_must_be_confirmed(tenant: Tenant, confirmation: str) -> None:
    if confirmation != tenant.name:
        raise ConfirmationDiffers(name=tenant.name)


def policy_must_not_be_negative(*limits: int) -> None:
    if min(limits) < 0:
        raise PolicyIsNegative
