"""Everything whose turn it is, in one process: for a shell, and where no workers are."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from apps.kernel.progress import steps
from apps.kernel.tenant import activate

from . import asking, drilling, importing, keeping, moving, restoring
from .models import Backup

log = logging.getLogger("bursar.backups")


def run() -> Iterator[str]:
    """What workers do by schedule, and beside that what only the owner can. Says what it did."""
    with activate(None):
        asking.ask()
        if made := _make_all():
            yield f"{made} backups made"
        if gone := keeping.prune():
            yield f"{gone} removed"
        yield from clear_away()
        drilling.ask()
        for number in drilling.waiting():
            if tried := drilling.work_on(number):
                yield f"{tried}: {tried.error or 'restored and verified'}"


def clear_away() -> Iterator[str]:
    """What moves and restores have left, in the databases of which this process has the owner's address."""
    if left := moving.tidy():
        yield f"{left} schemas of tenants that have moved set aside"
    for key in importing.owned():
        if swept := restoring.sweep(key):
            yield f"{len(swept)} schemas that were set aside dropped"


def _make_all() -> int:
    """One that fails holds up nobody else. Returns how many were made."""
    made, waiting = 0, list(Backup.objects.waiting().order_by("begun_at", "pk"))
    for each in steps(waiting, len(waiting)):
        try:
            made += keeping.work_on(each.pk) is not None
        except Exception:
            log.exception("%s could not be backed up.", each.slug)
    return made
