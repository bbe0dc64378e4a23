"""Handlers of the commands for backups, restores, clones and moves."""

from __future__ import annotations

import tempfile

from apps.backups import rules
from apps.backups.commands import (
    BackUpTenant,
    CloneTenant,
    RestoreTenant,
    RollBackMove,
    SetBackupPolicy,
    TransferTenant,
    TransferTenantOnline,
)
from apps.backups.files import storage
from apps.backups.files.backup_file import BackupFile
from apps.backups.files.exporting import export
from apps.backups.files.masking import Masking
from apps.backups.models import Backup, BackupPolicy
from apps.backups.moves import offline, online
from apps.backups.moves.online import Moved
from apps.backups.restores.as_new import restore_as_new
from apps.backups.restores.in_place import restore_in_place
from apps.backups.restores.planning import Target, valid_plan
from apps.backups.schedule import jobs
from apps.bus import handles
from apps.bus.edits import Edits, Values, rows
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.tenancy import queries as tenants
from apps.tenancy import rules as tenancy
from apps.tenancy.errors import ReasonMissing
from apps.tenancy.models import Tenant

POLICY_FIELDS = ("interval_hours", "retention_days", "max_count")


def _back_up_prerequisites(command: BackUpTenant) -> None:
    tenants.tenant_with_id(command.tenant_id)


@handles(BackUpTenant, dry_run=_back_up_prerequisites)
def back_up_tenant(command: BackUpTenant) -> Backup:
    tenant = tenants.tenant_with_id(command.tenant_id)
    return jobs.make(tenant, Backup.Kind.MANUAL, to=command.to, with_files=command.with_files)


def _edited_policy(tenant_id: int, lock: bool) -> Values:
    policy = rows(BackupPolicy, lock).filter(pk=tenant_id).first() or BackupPolicy()
    return {name: getattr(policy, name) for name in POLICY_FIELDS}


@handles(SetBackupPolicy, edits=Edits("tenant_id", _edited_policy))
def set_backup_policy(command: SetBackupPolicy) -> Tenant:
    tenant = tenancy.tenant_must_exist(command.tenant_id)
    reason_must_be_given(command.reason, ReasonMissing)
    policy = {name: getattr(command, name) for name in POLICY_FIELDS}
    rules.policy_must_not_be_negative(*policy.values())

    BackupPolicy.objects.update_or_create(tenant=tenant, defaults=policy)
    return tenant


def _restore_prerequisites(command: RestoreTenant) -> None:
    """Opens the backup file, without validating its parts or loading it."""
    reason_must_be_given(command.reason, ReasonMissing)
    storage_key, checksum = jobs.locate(command.backup)
    with storage.opened(storage_key, checksum) as file:
        manifest = BackupFile(file, storage_key).manifest
    rules.tenant_must_not_be_erased(manifest["tenant"])
    if command.slug:
        valid_plan(manifest, Target(slug=command.slug, name=command.name, database=command.database))


@handles(RestoreTenant, dry_run=_restore_prerequisites)
def restore_tenant(command: RestoreTenant) -> Tenant:
    reason_must_be_given(command.reason, ReasonMissing)
    storage_key, checksum = jobs.locate(command.backup)

    with storage.opened(storage_key, checksum) as file:
        backup_file = BackupFile(file, storage_key)
        rules.tenant_must_not_be_erased(backup_file.manifest["tenant"])
        if command.slug:
            target = Target(slug=command.slug, name=command.name, database=command.database)
            return restore_as_new(backup_file, target)
        return restore_in_place(backup_file, tenants.tenant_with_id(backup_file.manifest["tenant"]["id"]))


def _clone_prerequisites(command: CloneTenant) -> None:
    tenants.tenant_with_id(command.tenant_id)
    tenancy.slug_must_be_well_formed(command.slug)
    tenancy.slug_must_be_free(command.slug)


@handles(CloneTenant, dry_run=_clone_prerequisites)
def clone_tenant(command: CloneTenant) -> Tenant:
    _clone_prerequisites(command)
    source = tenants.tenant_with_id(command.tenant_id)
    masking = Masking.ANONYMOUS if command.anonymise else Masking.SANDBOX

    target = Target(
        slug=command.slug,
        name=command.name or f"{source.name} (sandbox)",
        database=source.database,
        sandbox_of=source,
    )
    with tempfile.TemporaryFile() as file:
        export(source.info, file, masking=masking, with_files=not command.anonymise)
        return restore_as_new(BackupFile(file), target)


def _transfer_prerequisites(command: TransferTenant) -> None:
    tenant = tenants.tenant_with_id(command.tenant_id)
    rules.tenant_must_be_movable(tenant, command.database)
    rules.tenant_must_be_read_only(tenant)


@handles(TransferTenant, dry_run=_transfer_prerequisites)
def transfer_tenant(command: TransferTenant) -> Tenant:
    return offline.move(command.tenant_id, command.database)


def _roll_back_prerequisites(command: RollBackMove) -> None:
    tenants.tenant_with_id(command.tenant_id)
    tenancy.database_must_be_known(command.database)


@handles(RollBackMove, dry_run=_roll_back_prerequisites)
def roll_back_move(command: RollBackMove) -> Tenant:
    _roll_back_prerequisites(command)
    return offline.roll_back(command.tenant_id, command.database)


def _online_prerequisites(command: TransferTenantOnline) -> None:
    tenant = tenants.tenant_with_id(command.tenant_id)
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        checks.check(rules.tenant_must_be_movable_online, tenant, command.database)


@handles(TransferTenantOnline, dry_run=_online_prerequisites)
def transfer_tenant_online(command: TransferTenantOnline) -> Moved:
    _online_prerequisites(command)
    return online.move_online(tenants.tenant_with_id(command.tenant_id), command.database)
