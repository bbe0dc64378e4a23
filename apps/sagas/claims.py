"""Claims of a run by executors.

A claim counts the attempt and raises the version of the run. A transition must find this version unchanged, so of two
executors the later claim wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from apps.kernel.clock import now
from apps.kernel.db import retries
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.unit_of_work import unit_of_work

from .declaration import SAGAS
from .inline import is_inline
from .models import Run
from .scheduling import TAKEOVER_DELAY, schedule
from .steps import AnyStep, ExternalStep, Wait

RUN = Lock("saga:{run}")


@contextmanager
def execution_lock(run_id: int) -> Iterator[bool]:
    """Admits one executor at a time, for as long as an external step takes. Yields whether it is acquired."""
    with advisory_lock(RUN.key(run=run_id)) as is_acquired:
        yield is_acquired


def claim(run_id: int, locks: ExitStack, *, resumed: bool) -> Run | None:
    """The run with its new version, or None when it is not to be advanced now. `locks` holds the execution lock of a
    run at an external step. The row lock of another executor is awaited: its step may have missed what this event is
    about."""
    with unit_of_work():
        run = retries.claim(Run.objects.in_progress().filter(pk=run_id), waits=True)
        if run is None or not _is_due(run, resumed=resumed):
            return None
        step = _step_of(run)
        if isinstance(step, ExternalStep) and not locks.enter_context(execution_lock(run_id)):
            schedule(run, after=TAKEOVER_DELAY)
            return None
        run.version += 1
        run.attempts += not isinstance(step, Wait)
        run.stage = ""
        run.save(update_fields=["version", "attempts", "stage"])
        return run


def _is_due(run: Run, *, resumed: bool) -> bool:
    """A resumed run evaluates its wait early, and a caller does not wait for the next attempt."""
    if run.needs_operator:
        return False
    is_early = run.next_at is not None and run.next_at > now()
    return not is_early or (resumed and (run.is_waiting or is_inline()))


def _step_of(run: Run) -> AnyStep | None:
    saga = SAGAS.get(run.saga)
    return saga.step(run.step) if saga else None


def locked_as_claimed(claimed: Run) -> Run | None:
    """The run, locked again until the end of the transaction; None when another executor or an operator has claimed it
    since."""
    runs = Run.objects.in_progress().filter(pk=claimed.pk, version=claimed.version)
    return retries.claim(runs, waits=True)
