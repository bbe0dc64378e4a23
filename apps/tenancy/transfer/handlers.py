"""How the exporter does what it is asked."""

from __future__ import annotations

import tempfile

from apps.bus import handles
from apps.tenancy import rules
from apps.tenancy.erasure.models import Erasure
from apps.tenancy.errors import TenantUnknown
from apps.tenancy.models import Tenant

from . import jobs, moving, restoring, storage
from .backup_file import BackupFile
from .commands import (
    BackUpTenant,
    CloneTenant,
    RestoreTenant,
    RollBackMove,
    SetBackupPolicy,
    TransferTenant,
)
from .errors import FilesNotAnonymisable, PolicyIsNegative, TenantWasErased
from .exporting import export
from .masking import Disguise
from .models import Backup, BackupPolicy


def backing_up(command: BackUpTenant) -> None:
    _tenant(command.tenant_id)


@handles(BackUpTenant, dry_run=backing_up)
def back_up_tenant(command: BackUpTenant) -> Backup:
    tenant = _tenant(command.tenant_id)
    return jobs.make(tenant, Backup.Kind.MANUAL, to=command.to, with_files=command.with_files)


@handles(SetBackupPolicy)
def set_backup_policy(command: SetBackupPolicy) -> Tenant:
    tenant = rules.tenant_must_exist(command.tenant_id)
    rules.reason_must_be_given(command.reason)
    agreed = {name: getattr(command, name) for name in ("every_hours", "retention_days", "max_count")}
    if min(agreed.values()) < 0:
        raise PolicyIsNegative

    BackupPolicy.objects.update_or_create(tenant=tenant, defaults=agreed)
    return tenant


def restoring_it(command: RestoreTenant) -> None:
    """The archive is opened, and neither read through nor loaded."""
    storage_key, checksum = jobs.locate(command.backup)
    with storage.opened(storage_key, checksum) as file:
        _must_not_be_erased(BackupFile(file, storage_key))
    if command.slug:
        rules.slug_must_be_well_formed(command.slug)
        rules.slug_must_be_free(command.slug)
        rules.database_must_be_known(command.database)


@handles(RestoreTenant, dry_run=restoring_it)
def restore_tenant(command: RestoreTenant) -> Tenant:
    storage_key, checksum = jobs.locate(command.backup)

    with storage.opened(storage_key, checksum) as file:
        archive = BackupFile(file, storage_key)
        _must_not_be_erased(archive)
        if command.slug:
            return restoring.as_new(archive, slug=command.slug, name=command.name, at=command.database)
        return restoring.in_place(archive, _tenant(archive.manifest["tenant"]["id"]))


def cloning(command: CloneTenant) -> None:
    _tenant(command.tenant_id)
    rules.slug_must_be_well_formed(command.slug)
    rules.slug_must_be_free(command.slug)
    if command.anonymise and command.with_files:
        raise FilesNotAnonymisable


@handles(CloneTenant, dry_run=cloning)
def clone_tenant(command: CloneTenant) -> Tenant:
    cloning(command)
    source = _tenant(command.tenant_id)
    disguise = Disguise.ANONYMOUS if command.anonymise else Disguise.SANDBOX

    with tempfile.TemporaryFile() as file:
        export(source.info, file, disguise=disguise, with_files=command.with_files)
        return restoring.as_new(
            BackupFile(file),
            slug=command.slug,
            name=command.name or f"{source.name} (sandbox)",
            at=source.database,
            sandbox_of=source,
        )


def carrying(command: TransferTenant) -> None:
    tenant = _tenant(command.tenant_id)
    moving.must_be_movable(tenant, command.database)
    moving.must_be_at_rest(tenant)


@handles(TransferTenant, dry_run=carrying)
def transfer_tenant(command: TransferTenant) -> Tenant:
    return moving.move(command.tenant_id, command.database)


def taking_back(command: RollBackMove) -> None:
    _tenant(command.tenant_id)
    rules.database_must_be_known(command.database)


@handles(RollBackMove, dry_run=taking_back)
def roll_back_move(command: RollBackMove) -> Tenant:
    taking_back(command)
    return moving.take_back(command.tenant_id, command.database)


def _tenant(tenant_id: int) -> Tenant:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        raise TenantUnknown(slug=tenant_id)
    return tenant


def _must_not_be_erased(archive: BackupFile) -> None:
    was = archive.manifest["tenant"]
    if Erasure.objects.filter(number=was["id"], created_at=was["created_at"]).exists():
        raise TenantWasErased(name=was["name"])
