"""Start of a run, and the events that have workers advance it."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import connection

from apps.events import publish
from apps.kernel.correlation import correlated
from apps.kernel.db.unit_of_work import unit_of_work

from . import store
from .declaration import SAGAS, Saga
from .events import SagaDue
from .models import LogEntry, Run

TAKEOVER_DELAY = dt.timedelta(seconds=30)
"""Delay before the workers take over a run that another process executes inline."""
log = logging.getLogger(__name__)


def begin(saga: Saga, data: Any, *, subject: str, inline: bool = False) -> Run:
    """Start a run in the transaction of the change that triggers it.

    A saga runs once for one subject: a second call returns the existing run. A saga that `repeats` starts a new run
    after the previous one has ended. With `inline`, this process executes the run (executor.run_inline), and workers
    take over only after a delay.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{saga.name} must begin inside the transaction of its trigger.")
    with correlated() as correlation:
        run, is_new = store.get_or_create(saga, data, subject=subject, correlation_id=correlation)
        if is_new:
            store.write_log(run, LogEntry.Kind.BEGAN)
            schedule(run, after=TAKEOVER_DELAY if inline else None)
    return run


def schedule(run: Run, *, after: dt.timedelta | None = None, resumed: bool = False) -> None:
    """Have a worker advance the run, now or later: by an event, which commits with the change."""
    queue = SAGAS[run.saga].queue if run.saga in SAGAS else "default"
    publish(SagaDue(run_id=run.pk, resumed=resumed), after=after, queue=queue)


def resume(subject: str) -> int:
    """Have the runs of the subject evaluate their wait conditions now. Returns the number of runs.

    Includes runs that do not wait yet: such a run may have evaluated its condition without having committed that.
    """
    runs = list(Run.objects.executable().filter(subject=subject))
    for run in runs:
        schedule(run, resumed=True)
    return len(runs)


def reschedule_stalled() -> int:
    """Schedule runs again whose `saga.due` event was lost, dropped or dead-lettered. Returns the number of runs."""
    with unit_of_work():
        stalled = store.stalled()
        for run in stalled:
            log.warning("%s stalled at “%s” and is scheduled again.", run, run.step)
            schedule(run)
    return len(stalled)
