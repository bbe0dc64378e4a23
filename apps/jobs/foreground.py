"""A job in a management command: its steps are done here, with the progress of the command."""

from __future__ import annotations

import time
from collections.abc import Iterator

from apps.kernel import progress
from apps.kernel.clock import now

from . import running
from .models import Run

SLICE_S = 1.0
"""Between two reports of progress."""
POLL_S = 0.5
"""While a worker does the steps, or a retry is due later."""


def finish(run_id: int, *, items: int) -> Run:
    """Does the steps until the job, of one stage with so many items, has ended. Waits while a worker has the job, and
    for the time of the next attempt."""
    for _ in progress.steps(_done(run_id), items):
        pass
    return Run.objects.get(pk=run_id)


def _done(run_id: int) -> Iterator[int]:
    """Each item as soon as it is done."""
    reported = 0
    while True:
        running.run_slice(run_id, timeout_s=SLICE_S)
        run = Run.objects.get(pk=run_id)
        yield from range(reported, run.items_done)
        reported = run.items_done
        if run.finished_at is not None:
            return
        if run.is_in_progress or (run.next_at and run.next_at > now()):
            time.sleep(POLL_S)
