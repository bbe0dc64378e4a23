"""Backup jobs, and the retention of backups."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Sequence
from itertools import groupby

from django.conf import settings
from django.db import transaction

from apps.backups.errors import BackupUnknown
from apps.backups.exclusion import lock_of, transfer_lock
from apps.backups.files import storage
from apps.backups.files.exporting import export
from apps.backups.models import Backup, Restoration, RestoreDrill
from apps.kernel import progress
from apps.kernel.clock import now
from apps.kernel.db.locks import advisory_lock
from apps.kernel.db.retries import Backoff, claim
from apps.kernel.db.row_guard import CONTROL
from apps.kernel.errors import sentence_of
from apps.kernel.notation import is_whole_number
from apps.tenancy.models import Tenant

from .policies import Policies, Policy

log = logging.getLogger("bursar.backups")
PROGRESS_INTERVAL_S = 2.0
BACKOFF = Backoff((dt.timedelta(minutes=15),), jitter=0)
"""Between the starts of a failed backup and of the next."""


def make(tenant: Tenant, kind: Backup.Kind, *, to: str = "", with_files: bool = False) -> Backup:
    """Backs up a tenant to the object store or to a local file. A failure is recorded in the row. Raises
    TransferBusy.

    with_files  also where `settings.BACKUP_WITH_FILES` is off
    """
    with transfer_lock(tenant.info):
        _mark_interrupted(tenant)
        backup = Backup(tenant=tenant, slug=tenant.slug, kind=kind, storage_key=to)
        backup.start(BACKOFF)
        backup.save()
        _write(backup, tenant, with_files=with_files)
    return backup


def run(number: int) -> Backup | None:
    """Runs a waiting backup; None if it is not waiting any more. On TransferBusy it stays waiting."""
    waiting = Backup.objects.waiting().select_related("tenant").filter(pk=number).first()
    if waiting is None or waiting.tenant is None:
        return None
    with transfer_lock(waiting.tenant.info):
        _mark_interrupted(waiting.tenant)
        backup = _claim(number)
        if backup is not None:
            _write(backup, waiting.tenant)
    return backup


def _claim(number: int) -> Backup | None:
    with transaction.atomic():
        backup = claim(Backup.objects.waiting().filter(pk=number))
        if backup is not None:
            backup.start(BACKOFF)
            backup.save(update_fields=["state", "begun_at", "attempts", "next_at"])
    return backup


def mark_all_interrupted() -> None:
    """Marks running backups as failed if no process holds the lock of their tenant."""
    for tenant in Tenant.objects.filter(pk__in=Backup.objects.running().values("tenant")):
        with advisory_lock(lock_of(tenant.pk)) as is_acquired:
            if is_acquired:
                _mark_interrupted(tenant)


def locate(reference: str) -> tuple[str, str]:
    """Storage key and checksum of a backup, given by its number or by the path of a file. Raises BackupUnknown."""
    if not is_whole_number(reference):
        return reference, ""
    backup = Backup.objects.done().filter(pk=reference).first()
    if backup is None:
        raise BackupUnknown(number=reference)
    return backup.storage_key, backup.checksum


def prune() -> int:
    """Removes scheduled backups beyond their retention, but never the newest of a tenant; and all backups of erased
    tenants. A backup that is being restored or verified is removed later. A failed removal does not stop the others.
    Returns how many were removed."""
    policies, expired = Policies(), list(Backup.objects.done().filter(tenant=None))
    retained = Backup.objects.done().exclude(tenant=None).order_by("tenant", "-begun_at", "-pk")
    for tenant, backups in groupby(retained, key=lambda backup: backup.tenant_id):
        expired += _expired([*backups], policies.of(tenant))
    Backup.objects.waiting().filter(tenant=None).delete()
    return sum(_remove(backup) for backup in expired)


def _expired(newest_first: Sequence[Backup], policy: Policy) -> list[Backup]:
    scheduled = [backup for backup in newest_first if backup.kind == Backup.Kind.SCHEDULED]
    return [
        backup
        for number, backup in enumerate(scheduled)
        if backup is not newest_first[0]
        and (backup.begun_at < now() - policy.retention or (policy.max_count and number >= policy.max_count))
    ]


def _remove(expired: Backup) -> bool:
    """Locks the row, as a request to restore or verify the backup does."""
    with transaction.atomic():
        backup = Backup.objects.done().select_for_update().filter(pk=expired.pk).first()
        if backup is None or _is_in_use(backup):
            return False
        try:
            storage.remove(backup.storage_key)
        except Exception:
            log.exception("The backup %s could not be removed.", backup)
            return False
        backup.finish(Backup.State.REMOVED)
    return True


def _is_in_use(backup: Backup) -> bool:
    """By an unfinished restore or restore drill. Backups of an erased tenant are not restored."""
    if backup.tenant_id is None:
        return False
    restored, verified = Restoration.objects.filter(backup=backup), RestoreDrill.objects.filter(backup=backup)
    return restored.unfinished().exists() or verified.unfinished().exists()


def _write(backup: Backup, tenant: Tenant, *, with_files: bool = False) -> None:
    backup.storage_key = (
        backup.storage_key or f"tenant-{tenant.pk}/{tenant.slug}-{now():%Y%m%d-%H%M%S}-{backup.pk}.zip"
    )
    backup.save(update_fields=["storage_key"])
    try:
        with progress.shown_by(Percent(backup)):
            with_files = with_files or settings.BACKUP_WITH_FILES
            stored = storage.store(
                backup.storage_key, lambda file: export(tenant.info, file, with_files=with_files)
            )
    except Exception as error:
        backup.finish(Backup.State.FAILED, sentence_of(error))
        raise
    backup.percent, backup.rows = 100, sum(table["rows"] for table in stored.manifest["tables"].values())
    backup.storage_key, backup.bytes, backup.checksum = stored.storage_key, stored.bytes, stored.checksum
    backup.finish(Backup.State.DONE)


class Percent:
    """Updates the progress in the row at most every PROGRESS_INTERVAL_S, over the connection of the platform: that of
    the tenant may be in a transaction that reads only."""

    def __init__(self, job: Backup | Restoration) -> None:
        self._job, self._updated_at = job, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._updated_at > PROGRESS_INTERVAL_S:
            self._updated_at = time.monotonic()
            rows = type(self._job).objects.using(CONTROL).filter(pk=self._job.pk)
            rows.update(percent=100 * done // max(total, 1))


def _mark_interrupted(tenant: Tenant) -> None:
    """We hold the lock, so a backup still marked as running was interrupted. Its incomplete file is removed."""
    for backup in Backup.objects.running().filter(tenant=tenant):
        storage.discard_unfinished(backup.storage_key)
        backup.finish(Backup.State.FAILED, "The backup worker was interrupted.")
