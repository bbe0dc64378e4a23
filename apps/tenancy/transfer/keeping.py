"""Backups: made when they are due, and removed when they are old (row DRB-02)."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

from django.conf import settings
from django.db.models import Max, Q

from apps.kernel.clock import now
from apps.kernel.progress import steps
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant

from . import drilling, importing, moving, places, promises, restoring
from .errors import BackupUnknown
from .exporting import export
from .models import Backup, BackupQuerySet

log = logging.getLogger("bursar.backups")
AGAIN = dt.timedelta(minutes=15)
"""After which one that failed is tried again."""


def make(tenant: Tenant, kind: Backup.Kind, *, to: str = "", with_files: bool = False) -> Backup:
    """One more backup, in the object store or in a file of this machine. What goes wrong stands in its row. Raises
    TransferBusy."""
    with restoring.only_here(tenant.info):
        _note_cut_off(tenant)
        backup: Backup = Backup.objects.create(
            tenant=tenant, slug=tenant.slug, kind=kind, begun_at=now(), place=to or _place(tenant)
        )
        try:
            kept = places.keep(backup.place, lambda file: export(tenant.info, file, with_files=with_files))
        except Exception as error:
            _end(backup, state=Backup.State.FAILED, error=f"{type(error).__name__}: {error}")
            raise
        rows = sum(each["rows"] for each in kept.manifest["tables"].values())
        _end(
            backup,
            state=Backup.State.DONE,
            place=kept.place,
            bytes=kept.bytes,
            checksum=kept.checksum,
            rows=rows,
        )
    return backup


def found(said: str) -> tuple[str, str]:
    """Where an archive lies, and what it weighs: of a backup by its number, of a file by its path. Raises
    BackupUnknown."""
    if not said.isdigit():
        return said, ""
    backup = Backup.objects.done().filter(pk=said).first()
    if backup is None:
        raise BackupUnknown(which=said)
    return backup.place, backup.checksum


def make_due() -> list[Backup]:
    """A backup of each tenant whose turn it is. One that fails holds up nobody else."""
    made, turns = [], due()
    for tenant in steps(turns, len(turns)):
        try:
            made.append(make(tenant, Backup.Kind.SCHEDULED))
        except Exception:
            log.exception("%s could not be backed up.", tenant)
    return made


def due() -> list[Tenant]:
    """Tenants whose last backup was begun too long ago, the longest first. What is archived does not change."""
    before = now() - dt.timedelta(hours=settings.BACKUP_EVERY_HOURS)
    last = dict(
        Backup.objects.filter(Q(state=Backup.State.DONE) | Q(begun_at__gt=now() - AGAIN))
        .values_list("tenant")
        .annotate(Max("begun_at"))
        .order_by()
    )
    late = [each for each in promises.kept() if _is_due(each, last.get(each.pk), before)]
    return sorted(late, key=lambda each: (last.get(each.pk) or each.created_at, each.pk))


def prune() -> int:
    """Remove scheduled backups that are old enough, but never a tenant's newest; and all of tenants that are gone:
    who was erased is not kept in a cupboard. Returns how many."""
    before, gone = now() - dt.timedelta(days=settings.BACKUP_KEPT_DAYS), 0
    kept = Backup.objects.done().values_list("tenant").annotate(newest=Max("pk")).order_by()
    newest = [pk for tenant, pk in kept if tenant is not None]
    old = Q(kind=Backup.Kind.SCHEDULED, begun_at__lt=before) & ~Q(pk__in=newest)
    for backup in Backup.objects.done().filter(old | Q(tenant=None)):
        places.remove(backup.place)
        _end(backup, state=Backup.State.GONE)
        gone += 1
    return gone


def _is_due(tenant: Tenant, last: dt.datetime | None, before: dt.datetime) -> bool:
    return last is None or (last < before and not promises.holds_all(tenant, last))


def _note_cut_off(tenant: Tenant) -> None:
    """Nobody else is at it, so whoever was is gone."""
    for backup in Backup.objects.filter(tenant=tenant, state=Backup.State.RUNNING):
        _end(backup, state=Backup.State.FAILED, error="Whoever made it was cut off.")


def _end(backup: Backup, **what: object) -> None:
    for name, value in what.items():
        setattr(backup, name, value)
    backup.ended_at = now()
    backup.save()


def _place(tenant: Tenant) -> str:
    return f"tenant-{tenant.pk}/{tenant.slug}-{now():%Y%m%d-%H%M%S}.zip"


def all_of(slug: str = "") -> BackupQuerySet:
    """The newest first."""
    backups = Backup.objects.latest_first()
    return backups.filter(slug=slug) if slug else backups


def run() -> Iterator[str]:
    """Everything whose turn it is, in the process that has the owner's address. Says what it did."""
    with activate(None):
        made = make_due()
        if made:
            yield f"{len(made)} backups made"
        if gone := prune():
            yield f"{gone} removed"
        if left := moving.tidy():
            yield f"{left} schemas of tenants that have moved set aside"
        for key in importing.owned():
            if swept := restoring.sweep(key):
                yield f"{len(swept)} schemas that were set aside dropped"
        if drilling.is_due() and (tried := drilling.drill()):
            yield f"drill of {tried}: {tried.error or 'restored and verified'}"
