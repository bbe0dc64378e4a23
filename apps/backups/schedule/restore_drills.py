"""Restore drills: a backup is restored into a temporary schema, verified and dropped again.

The schema belongs to the role of the backup worker, which has no access to the schemas of tenants. It is verified with
the role of the tenant that was backed up.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from apps.backups.exclusion import transfer_lock
from apps.backups.files import importing, storage, verifying
from apps.backups.files.backup_file import BackupFile
from apps.backups.models import Backup, RestoreDrill
from apps.backups.schemas import owner, replaced
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.retries import Backoff, claim
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import tenant_schemas
from apps.tenancy.models import Tenant

log = logging.getLogger("bursar.backups")
RESTORE_DRILL_LOCK = Lock("restore drill")
BACKUP_REMOVED = "The backup was removed before it was verified. Verify another one."
BACKOFF = Backoff((dt.timedelta(hours=6),), jitter=0)
"""Between the starts of a failed restore drill and of the next."""


def schedule() -> None:
    """Creates a waiting restore drill, if one is due."""
    if is_due():
        RestoreDrill.objects.bulk_create(
            [RestoreDrill(state=RestoreDrill.State.WAITING, begun_at=now())], ignore_conflicts=True
        )


def run_now() -> RestoreDrill | None:
    """Runs a restore drill now. None if there is no backup, or another restore drill is running."""
    with _restore_drill_lock() as is_acquired:
        backup = _sample() if is_acquired else None
        if backup is None:
            return None
        return _run(_started(RestoreDrill(), backup))


def run(number: int) -> RestoreDrill | None:
    """Runs a waiting restore drill. None if it is not waiting any more, or another one is running."""
    with _restore_drill_lock() as is_acquired:
        with transaction.atomic():
            drill = claim(RestoreDrill.objects.waiting().filter(pk=number)) if is_acquired else None
            if drill is None:
                return None
            backup = _chosen(drill)
            if backup is None:
                return _ended_without_backup(drill)
            _started(drill, backup)
        return _run(drill)


def is_due() -> bool:
    """There is a backup, no restore drill is waiting or running, and the last one was BACKUP_RESTORE_DRILL_DAYS ago."""
    since = now() - dt.timedelta(days=settings.BACKUP_RESTORE_DRILL_DAYS)
    counted = Q(begun_at__gt=since) & ~Q(state=RestoreDrill.State.FAILED) | Q(next_at__gt=now())
    recent = RestoreDrill.objects.filter(counted) | RestoreDrill.objects.unfinished()
    return not recent.exists() and _sample() is not None


def mark_interrupted() -> None:
    with _restore_drill_lock():
        pass


def drop_leftovers() -> None:
    """Drops the schemas of restore drills that were killed."""
    for at in databases.having("backup_worker"):
        with databases.skip_if_unreachable(at):
            replaced.sweep(at, by="backup_worker")


def waiting() -> list[int]:
    return [*RestoreDrill.objects.waiting().values_list("pk", flat=True)]


@contextmanager
def _restore_drill_lock() -> Iterator[bool]:
    """Allows one restore drill at a time. A drill still marked as running while we hold the lock was interrupted."""
    with activate(None), advisory_lock(RESTORE_DRILL_LOCK.key()) as is_acquired:
        if is_acquired:
            for interrupted in RestoreDrill.objects.running():
                _end(interrupted, error="The backup worker was interrupted.")
        yield is_acquired


def _run(drill: RestoreDrill) -> RestoreDrill:
    """Records the result in the row and in the log."""
    backup, begun, error = drill.backup, time.monotonic(), ""
    if backup is None or backup.tenant is None:
        raise LookupError("a restore drill without a backup")
    try:
        _restore_and_verify(backup, backup.tenant)
    except Exception as failure:
        error = f"The restore failed: {failure}"
        log.exception("ALERT: the backup %s could not be restored.", backup)
    else:
        backup.verified_at, backup.restore_seconds = now(), round(time.monotonic() - begun, 3)
        backup.save(update_fields=["verified_at", "restore_seconds"])
        log.info("The backup %s was restored and verified in %.1f s.", backup, backup.restore_seconds)
    _end(drill, error=error)
    return drill


def _ended_without_backup(drill: RestoreDrill) -> RestoreDrill | None:
    """The backup was removed meanwhile. An operator who chose it sees why it was not verified; a scheduled restore
    drill is scheduled again after the next backup."""
    if drill.backup_id is None:
        drill.delete()
        return None
    _end(drill, error=BACKUP_REMOVED)
    return drill


def _end(drill: RestoreDrill, *, error: str) -> None:
    drill.finish(RestoreDrill.State.FAILED if error else RestoreDrill.State.DONE, error)


def _started(drill: RestoreDrill, backup: Backup) -> RestoreDrill:
    drill.backup = backup
    drill.start(BACKOFF)
    drill.save()
    return drill


def _chosen(drill: RestoreDrill) -> Backup | None:
    """The backup that an operator chose for the waiting restore drill, or the sample."""
    if drill.backup is None:
        return _sample()
    is_restorable = drill.backup.state == Backup.State.DONE and drill.backup.tenant is not None
    return drill.backup if is_restorable else None


def _sample() -> Backup | None:
    """The newest backup of the tenant whose last restore drill is the longest ago, or that never had one."""
    last_drills = dict(
        RestoreDrill.objects.values_list("backup__tenant").annotate(Max("begun_at")).order_by()
    )
    backups = Backup.objects.done().exclude(tenant=None)
    tenants = backups.order_by("tenant").values_list("tenant", flat=True).distinct()
    chosen = min(
        tenants,
        key=lambda tenant: (tenant in last_drills, last_drills.get(tenant), tenant),
        default=None,
    )
    return backups.filter(tenant=chosen).select_related("tenant").latest_first().first() if chosen else None


def _restore_and_verify(backup: Backup, tenant: Tenant) -> None:
    at, number = tenant.database, tenant_schemas.next_number()
    role = owner.role_for_drills(at)
    replaced.sweep(at, by=role)
    with (
        transfer_lock(_temporary(number)),
        storage.opened(backup.storage_key, backup.checksum) as file,
    ):
        backup_file = BackupFile(file, backup.storage_key)
        made = importing.load_for_drill(backup_file, number=number, at=at, to=tenant.role_name)
        try:
            verifying.content_must_be_equal(backup_file.manifest, made)
        finally:
            owner.drop_schema(made.schema, at, by=role)


def _temporary(number: int) -> TenantInfo:
    """A tenant without a row, for a temporary schema."""
    return TenantInfo(id=number, slug="", name="Restore drill", schema="", state="pending")
