"""Handlers of the commands that request a backup, a restore or a clone. Workers execute the requests."""

from __future__ import annotations

from apps.backups import rules
from apps.backups.commands import (
    CancelRestoration,
    RequestBackup,
    RequestClone,
    RequestRestoreAsNew,
    RequestRestoreInPlace,
    VerifyBackup,
)
from apps.backups.errors import BackupUnknown
from apps.backups.models import Backup, Restoration, RestoreDrill
from apps.bus import handles
from apps.kernel.actors import acting, actor_label
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.tenancy import rules as tenancy
from apps.tenancy.errors import ReasonMissing

Kind, State = Restoration.Kind, Restoration.State


@handles(RequestBackup)
def request_backup(command: RequestBackup) -> Backup:
    tenant = tenancy.tenant_must_exist(command.tenant_id)
    with together() as checks:
        checks.check(tenancy.tenant_must_be_set_up, tenant)
        checks.check(rules.no_backup_must_be_unfinished, tenant)

    return Backup.objects.create(
        tenant=tenant, slug=tenant.slug, kind=Backup.Kind.MANUAL, state=Backup.State.WAITING, begun_at=now()
    )


@handles(VerifyBackup)
def verify_backup(command: VerifyBackup) -> RestoreDrill:
    backup = rules.backup_must_exist(command.backup_id)
    rules.no_restore_drill_must_be_waiting()

    return RestoreDrill.objects.create(backup=backup, state=RestoreDrill.State.WAITING, begun_at=now())


@handles(RequestRestoreAsNew)
def request_restore_as_new(command: RequestRestoreAsNew) -> Restoration:
    backup = rules.backup_must_exist(command.backup_id)
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        checks.check(rules.slug_must_be_free, command.slug)
        checks.check(tenancy.database_must_be_known, command.database)

    return _stored(
        Restoration(
            kind=Kind.AS_NEW,
            backup=backup,
            tenant_id=backup.tenant_id,
            slug=command.slug,
            name=command.name,
            database=command.database,
            reason=command.reason,
        )
    )


@handles(RequestRestoreInPlace)
def request_restore_in_place(command: RequestRestoreInPlace) -> Restoration:
    backup = rules.backup_must_exist(command.backup_id)
    if backup.tenant_id is None:
        raise BackupUnknown(number=command.backup_id)
    tenant = tenancy.tenant_must_exist(backup.tenant_id)
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        checks.check(rules.name_must_be_confirmed, tenant, command.confirmation)
        checks.check(rules.no_restoration_must_be_unfinished, tenant)

    return _stored(
        Restoration(
            kind=Kind.IN_PLACE,
            backup=backup,
            tenant=tenant,
            name=tenant.name,
            database=tenant.database,
            reason=command.reason,
        )
    )


@handles(RequestClone)
def request_clone(command: RequestClone) -> Restoration:
    tenant = tenancy.tenant_must_exist(command.tenant_id)
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        checks.check(tenancy.tenant_must_be_set_up, tenant)
        checks.check(rules.slug_must_be_free, command.slug)

    return _stored(
        Restoration(
            kind=Kind.CLONE,
            tenant=tenant,
            slug=command.slug,
            name=command.name,
            database=tenant.database,
            anonymise=command.anonymise,
            reason=command.reason,
        )
    )


@handles(CancelRestoration)
def cancel_restoration(command: CancelRestoration) -> Restoration:
    restoration = rules.restoration_must_be_waiting(command.restoration_id)
    reason_must_be_given(command.reason, ReasonMissing)

    by = actor_label(acting() or "")[:200]
    restoration.finish(State.FAILED, f"Cancelled by {by}: {command.reason}")
    return restoration


def _stored(restoration: Restoration) -> Restoration:
    restoration.state, restoration.begun_at = State.WAITING, now()
    restoration.requested_by = actor_label(acting() or "")[:200]
    restoration.save()
    return restoration
