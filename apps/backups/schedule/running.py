"""The work loop of the backup worker, and the clean-up after moves and restores."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.db import close_old_connections

from apps.backups import queries
from apps.backups.errors import TransferBusy
from apps.backups.models import Backup
from apps.backups.moves.sources import retire_sources
from apps.backups.schemas import replaced
from apps.kernel.db import databases

from . import jobs, restore_drills

log = logging.getLogger("bursar.backups")


def work(stopping: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Runs waiting backups, then waiting restore drills. Several workers share them. Yields a line for each."""
    yield from _make_backups(stopping)
    for number in () if stopping() else restore_drills.waiting():
        if drill := restore_drills.run(number):
            yield f"{drill}: {drill.last_error or 'restored and verified'}."


def clean_up() -> Iterator[str]:
    """Drops leftovers of moves and restores, in the databases for which this process has the owner's credentials."""
    if count := retire_sources():
        yield f"{count} schemas of moved tenants were set aside"
    for key in queries.owned_databases():
        swept: list[str] = []
        with databases.skip_if_unreachable(key):
            swept += replaced.sweep(key)
        if swept:
            yield f"{len(swept)} schemas set aside were dropped"


def _make_backups(stopping: Callable[[], bool]) -> Iterator[str]:
    """A failed backup does not stop the others, and is scheduled again."""
    last = 0
    while not stopping() and (backup := Backup.objects.waiting().filter(pk__gt=last).order_by("pk").first()):
        last = backup.pk
        try:
            if jobs.run(backup.pk):
                yield f"{backup.slug}: backed up."
        except TransferBusy:
            continue  # it stays waiting until the restore or move has ended
        except Exception:
            log.exception("%s could not be backed up.", backup.slug)
            close_old_connections()  # broken ones: the next tenant may be in the same database
