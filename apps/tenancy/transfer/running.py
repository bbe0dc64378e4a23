"""What was asked for is done, one after the other; and what moves and restores have left is cleared away."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.db import close_old_connections

from apps.kernel import databases

from . import importing, jobs, moving, restore_drills, restoring
from .errors import TransferBusy
from .models import Backup

log = logging.getLogger("bursar.backups")


def work(stopping: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Make the backups that wait, then try one if that is asked for. Several at once share them. Says what it did."""
    yield from _make_backups(stopping)
    for number in () if stopping() else restore_drills.waiting():
        if tried := restore_drills.run(number):
            yield f"{tried}: {tried.error or 'restored and verified'}."


def clear_away() -> Iterator[str]:
    """What moves and restores have left, in the databases of which this process has the owner's address."""
    if left := moving.tidy():
        yield f"{left} schemas of tenants that have moved set aside"
    for key in importing.owned():
        swept: list[str] = []
        with databases.skip_if_unreachable(key):
            swept += restoring.sweep(key)
        if swept:
            yield f"{len(swept)} schemas that were set aside dropped"


def _make_backups(stopping: Callable[[], bool]) -> Iterator[str]:
    """One that fails holds up nobody else, and is asked for again."""
    reached = 0
    while not stopping() and (each := Backup.objects.waiting().filter(pk__gt=reached).order_by("pk").first()):
        reached = each.pk
        try:
            if jobs.run(each.pk):
                yield f"{each.slug}: backed up."
        except TransferBusy:
            continue  # it waits until the tenant is restored or moved
        except Exception:
            log.exception("%s could not be backed up.", each.slug)
            close_old_connections()  # those that broke: the others may be of the same database
