"""Can the backups be restored? One is tried, beside everything that works, and dropped again (row DRB-04).

It is restored as any other, but into a schema of the backup worker's: a role that owns nothing else and may look into
nobody's. Whoever compares it takes the role of the tenant whose backup it is.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db.models import Max, Q

from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.locks import Lock
from apps.kernel.tenant import activate
from apps.kernel.transactions import advisory_lock
from apps.tenancy.models import Tenant

from . import importing, restoring, storage, verifying
from .backup_file import BackupFile
from .errors import NotWhatWasExported
from .models import Backup, JobQuerySet, RestoreDrill

log = logging.getLogger("bursar.backups")
DRILL = Lock("drill")
AGAIN = dt.timedelta(hours=6)
"""After which another one is tried when one failed."""


def schedule() -> None:
    """Have one tried, if it is time."""
    if is_due():
        RestoreDrill.objects.bulk_create(
            [RestoreDrill(state=RestoreDrill.State.WAITING, begun_at=now())], ignore_conflicts=True
        )


def run_now() -> RestoreDrill | None:
    """Restore the newest backup of the tenant whose turn it is, verify it and drop it again. None where there is
    nothing to try, or somebody else is at it."""
    with _nobody_else() as free:
        backup = _sample() if free else None
        if backup is None:
            return None
        return _done(RestoreDrill.objects.create(begun_at=now(), backup=backup))


def run(number: int) -> RestoreDrill | None:
    """The same, where it was asked for."""
    with _nobody_else() as free:
        asked, backup = RestoreDrill.objects.waiting().filter(pk=number), _sample()
        if free and backup is None:
            asked.delete()  # the last backup is gone meanwhile
        begun = {"state": RestoreDrill.State.RUNNING, "begun_at": now(), "backup": backup}
        if not free or not asked.update(**begun):
            return None
        return _done(RestoreDrill.objects.select_related("backup__tenant").get(pk=number))


def is_due() -> bool:
    """There is something to try, nobody is asked to, and the last one was long enough ago."""
    since = now() - dt.timedelta(days=settings.BACKUP_DRILL_DAYS)
    counted = Q(begun_at__gt=since) & ~Q(state=RestoreDrill.State.FAILED) | Q(begun_at__gt=now() - AGAIN)
    of_late = RestoreDrill.objects.filter(counted) | RestoreDrill.objects.at_work()
    return not of_late.exists() and _sample() is not None


def mark_interrupted() -> None:
    with _nobody_else():
        pass


def drop_leftovers() -> None:
    """Drop what somebody left behind who was killed while he tried one."""
    for at in databases.having("backup_worker"):
        with databases.skip_if_unreachable(at):
            restoring.sweep(at, by="backup_worker")


def waiting() -> list[int]:
    return [*RestoreDrill.objects.waiting().values_list("pk", flat=True)]


def latest() -> JobQuerySet[RestoreDrill]:
    return RestoreDrill.objects.select_related("backup").latest_first()


@contextmanager
def _nobody_else() -> Iterator[bool]:
    """One at a time. What somebody was at who is gone is noted."""
    with activate(None), advisory_lock(DRILL.key()) as free:
        if free:
            for cut_off in RestoreDrill.objects.running():
                _end(cut_off, error="Whoever tried it was cut off.")
        yield free


def _done(drill: RestoreDrill) -> RestoreDrill:
    """What was found stands in its row, and in the log."""
    backup, begun, error = drill.backup, time.monotonic(), ""
    if backup is None or backup.tenant is None:
        raise LookupError("a drill without a backup")
    try:
        _try(backup, backup.tenant)
    except Exception as failure:
        error = f"It could not be restored: {failure}"
        log.exception("ALERT: the backup %s could not be restored.", backup)
    else:
        backup.verified_at, backup.restored_in = now(), round(time.monotonic() - begun, 3)
        backup.save(update_fields=["verified_at", "restored_in"])
        log.info("The backup %s was restored and verified in %.1f s.", backup, backup.restored_in)
    _end(drill, error=error)
    return drill


def _end(drill: RestoreDrill, *, error: str) -> None:
    drill.state = RestoreDrill.State.FAILED if error else RestoreDrill.State.DONE
    drill.error, drill.ended_at = error, now()
    drill.save(update_fields=["state", "error", "ended_at"])


def _sample() -> Backup | None:
    """The newest of the tenant that was never tried, or not for the longest time."""
    tried = dict(RestoreDrill.objects.values_list("backup__tenant").annotate(Max("begun_at")).order_by())
    kept = Backup.objects.done().exclude(tenant=None)
    tenants = kept.order_by("tenant").values_list("tenant", flat=True).distinct()
    turn = min(tenants, key=lambda each: (each in tried, tried.get(each), each), default=None)
    return kept.filter(tenant=turn).select_related("tenant").latest_first().first() if turn else None


def _try(backup: Backup, tenant: Tenant) -> None:
    at, number = tenant.database, restoring.next_number()
    restoring.sweep(at, by=importing.backup_worker(at))
    with (
        restoring.only_here(restoring.scratch(number)),
        storage.opened(backup.storage_key, backup.checksum) as file,
    ):
        archive = BackupFile(file, backup.storage_key)
        made = importing.lend(archive, number=number, at=at, to=tenant.role_name)
        try:
            if faults := verifying.faults(archive.manifest, made):
                raise NotWhatWasExported(faults="; ".join(faults))
        finally:
            importing.drop_schema(made.schema, at, by=importing.backup_worker(at))
