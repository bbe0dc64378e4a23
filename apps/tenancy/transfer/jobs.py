"""Backups: made once they were asked for, and removed when they are old (row DRB-02)."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from itertools import groupby

from apps.kernel import progress
from apps.kernel.clock import now
from apps.kernel.transactions import advisory_lock
from apps.tenancy.models import Tenant

from . import restoring, storage
from .errors import BackupUnknown
from .exporting import export
from .models import Backup, JobQuerySet
from .policies import Policies, Policy

log = logging.getLogger("bursar.backups")
SAY_EVERY = 2.0
"""Seconds between two words about how far it is."""


def make(tenant: Tenant, kind: Backup.Kind, *, to: str = "", with_files: bool = False) -> Backup:
    """One more backup, in the object store or in a file of this machine. What goes wrong stands in its row. Raises
    TransferBusy."""
    with restoring.only_here(tenant.info):
        _mark_interrupted(tenant)
        backup = Backup.objects.create(
            tenant=tenant, slug=tenant.slug, kind=kind, begun_at=now(), storage_key=to
        )
        _write(backup, tenant, with_files=with_files)
    return backup


def run(number: int) -> Backup | None:
    """Make the backup that was asked for, whoever is asked to, and only once. Raises TransferBusy, after which somebody
    is asked again."""
    asked = Backup.objects.waiting().select_related("tenant").filter(pk=number).first()
    if asked is None or asked.tenant is None:
        return None
    with restoring.only_here(asked.tenant.info):
        _mark_interrupted(asked.tenant)
        if not Backup.objects.waiting().filter(pk=number).update(state=Backup.State.RUNNING, begun_at=now()):
            return None
        asked.refresh_from_db()
        _write(asked, asked.tenant)
    return asked


def mark_all_interrupted() -> None:
    """Of every tenant at whose backup somebody was, and nobody is any more."""
    for tenant in Tenant.objects.filter(pk__in=Backup.objects.running().values("tenant")):
        with advisory_lock(restoring.lock_of(tenant.pk)) as is_acquired:
            if is_acquired:
                _mark_interrupted(tenant)


def locate(said: str) -> tuple[str, str]:
    """Where an archive lies, and what it weighs: of a backup by its number, of a file by its path. Raises
    BackupUnknown."""
    if not said.isdigit():
        return said, ""
    backup = Backup.objects.done().filter(pk=said).first()
    if backup is None:
        raise BackupUnknown(which=said)
    return backup.storage_key, backup.checksum


def prune() -> int:
    """Remove scheduled backups that are too old or too many, but never a tenant's newest; and all of tenants that are
    gone: who was erased is not kept in a cupboard. One that cannot be removed holds up no other. Returns how many."""
    agreed, going = Policies(), list(Backup.objects.done().filter(tenant=None))
    kept = Backup.objects.done().exclude(tenant=None).order_by("tenant", "-begun_at", "-pk")
    for tenant, backups in groupby(kept, key=lambda each: each.tenant_id):
        going += _too_many([*backups], agreed.of(tenant))
    Backup.objects.waiting().filter(tenant=None).delete()
    return sum(_remove(each) for each in going)


def _too_many(newest_first: Sequence[Backup], policy: Policy) -> list[Backup]:
    scheduled = [each for each in newest_first if each.kind == Backup.Kind.SCHEDULED]
    return [
        each
        for number, each in enumerate(scheduled)
        if each is not newest_first[0]
        and (each.begun_at < now() - policy.kept or (policy.most and number >= policy.most))
    ]


def _remove(backup: Backup) -> bool:
    try:
        storage.remove(backup.storage_key)
    except Exception:
        log.exception("The backup %s could not be removed.", backup)
        return False
    _end(backup, state=Backup.State.GONE)
    return True


def _write(backup: Backup, tenant: Tenant, *, with_files: bool = False) -> None:
    backup.storage_key = (
        backup.storage_key or f"tenant-{tenant.pk}/{tenant.slug}-{now():%Y%m%d-%H%M%S}-{backup.pk}.zip"
    )
    backup.save(update_fields=["storage_key"])
    try:
        with progress.shown_by(_Percent(backup)):
            kept = storage.store(
                backup.storage_key, lambda file: export(tenant.info, file, with_files=with_files)
            )
    except Exception as error:
        _end(backup, state=Backup.State.FAILED, error=f"{type(error).__name__}: {error}")
        raise
    rows = sum(each["rows"] for each in kept.manifest["tables"].values())
    _end(
        backup,
        state=Backup.State.DONE,
        percent=100,
        storage_key=kept.storage_key,
        bytes=kept.bytes,
        checksum=kept.checksum,
        rows=rows,
    )


class _Percent:
    """Says in the row how far it is, now and then."""

    def __init__(self, backup: Backup) -> None:
        self._backup, self._said_at = backup, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._said_at > SAY_EVERY:
            self._said_at = time.monotonic()
            Backup.objects.filter(pk=self._backup.pk).update(percent=100 * done // max(total, 1))


def _mark_interrupted(tenant: Tenant) -> None:
    """Nobody else is at it, so whoever was is gone. What he had written is no archive."""
    for backup in Backup.objects.running().filter(tenant=tenant):
        storage.discard_unfinished(backup.storage_key)
        _end(backup, state=Backup.State.FAILED, error="Whoever made it was cut off.")


def _end(backup: Backup, **what: object) -> None:
    for name, value in what.items():
        setattr(backup, name, value)
    backup.ended_at = now()
    backup.save()


def all_of(slug: str = "") -> JobQuerySet[Backup]:
    """The newest first."""
    backups = Backup.objects.latest_first()
    return backups.filter(slug=slug) if slug else backups
