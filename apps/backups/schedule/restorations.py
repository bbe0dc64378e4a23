"""Execution of requested restores and clones, by a process with the owner's credentials.

A row is claimed before the work and never returns to waiting, so a request that is delivered twice, or whose worker was
killed, replaces no data a second time.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import close_old_connections, transaction

from apps.backups.commands import CloneTenant, RestoreTenant
from apps.backups.models import Restoration
from apps.bus import dispatch
from apps.kernel import progress
from apps.kernel.actors import System
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.retries import Backoff, claim
from apps.kernel.errors import sentence_of
from apps.kernel.tenant import activate

from .jobs import Percent

log = logging.getLogger("bursar.backups")
RESTORATION = Lock("restoration:{number}")
NEVER_AGAIN = Backoff((dt.timedelta(),), jitter=0)
INTERRUPTED = "The restore worker was interrupted. Look at the tenant before you request the restore again."


def work(stopping: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Runs the waiting requests in their order. Several workers share them. Yields a line for each."""
    mark_interrupted()
    for number in Restoration.objects.waiting().order_by("pk").values_list("pk", flat=True):
        if stopping():
            return
        restoration = run(number)
        close_old_connections()  # broken ones, after a failure
        if restoration:
            yield f"{restoration}: {restoration.last_error or 'done'}."


def run(number: int) -> Restoration | None:
    """Runs a waiting request; None if it is not waiting any more. A failure is recorded in the row."""
    with _locked(number) as is_acquired:
        restoration = _claim(number) if is_acquired else None
        if restoration is not None:
            _execute(restoration)
        return restoration


def mark_interrupted() -> None:
    """Marks running requests as failed if no process works on them."""
    for restoration in Restoration.objects.running():
        with _locked(restoration.pk) as is_acquired:
            restoration.refresh_from_db()
            if is_acquired and restoration.state == Restoration.State.RUNNING:
                restoration.finish(Restoration.State.FAILED, INTERRUPTED)


@contextmanager
def _locked(number: int) -> Iterator[bool]:
    with activate(None), advisory_lock(RESTORATION.key(number=number)) as is_acquired:
        yield is_acquired


def _claim(number: int) -> Restoration | None:
    with transaction.atomic():
        restoration = claim(Restoration.objects.waiting().filter(pk=number))
        if restoration is not None:
            restoration.start(NEVER_AGAIN)
            restoration.save(update_fields=["state", "begun_at", "attempts", "next_at"])
    return restoration


def _execute(restoration: Restoration) -> None:
    try:
        with progress.shown_by(Percent(restoration)):
            restoration.result = dispatch(_command_of(restoration), actor=_actor_of(restoration))
    except Exception as error:
        log.exception("The %s failed.", restoration)
        restoration.finish(Restoration.State.FAILED, sentence_of(error))
    else:
        restoration.percent = 100
        restoration.finish(Restoration.State.DONE)


def _command_of(restoration: Restoration) -> CloneTenant | RestoreTenant:
    if restoration.kind == Restoration.Kind.CLONE:
        return CloneTenant(
            tenant_id=restoration.tenant_id or 0,
            slug=restoration.slug,
            name=restoration.name,
            anonymise=restoration.anonymise,
        )
    return RestoreTenant(
        backup=str(restoration.backup_id or 0),
        slug=restoration.slug,
        name=restoration.name,
        database=restoration.database,
        reason=restoration.reason,
    )


def _actor_of(restoration: Restoration) -> System:
    return System(f"Restore worker, for {restoration.requested_by}")
