"""The sweep of runs that wait: the safety net for a lost wake-up, and the end of timeouts and deadlines.

It evaluates the condition of each run without claiming it, and publishes only for a run that can continue.
"""

from __future__ import annotations

import logging

from apps.bus.gate import is_enabled
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal

from .attempts import evaluate, steward
from .data import data_of
from .models import Run
from .planning import plan_of
from .plans import Attempt, Evaluation
from .scheduling import schedule
from .steps import ExternalStep

log = logging.getLogger(__name__)


def sweep_waits() -> int:
    """Schedule the waiting runs that can continue. Returns their number."""
    waiting = Run.objects.in_progress().filter(state=Run.State.WAITING)
    return sum(_resume(run_id) for run_id in list(waiting.order_by("pk").values_list("pk", flat=True)))


def _resume(run_id: int) -> bool:
    """A run that fails, such as one with data that this version cannot read, does not stop the sweep."""
    try:
        return _schedule_if_it_can_continue(run_id)
    except Exception:
        log.exception("The sweep could not look at run %s.", run_id)
        return False


def _schedule_if_it_can_continue(run_id: int) -> bool:
    with unit_of_work():
        run = Run.objects.filter(pk=run_id, state=Run.State.WAITING).first()
        if run is None or not _can_continue(run):
            return False
        log.info("%s waits at “%s” and can continue.", run, run.step)
        with correlated(run.correlation_id, causation=f"saga:{run.pk}"):
            schedule(run, resumed=True)
        return True


def _can_continue(run: Run) -> bool:
    """Whether an executor would do anything but wait on."""
    match plan := plan_of(run):
        case Attempt():
            return _is_enabled(run, plan)
        case Evaluation():
            return (run.waits_until or now()) < now() or _is_over(run, plan)
    return True


def _is_over(run: Run, evaluation: Evaluation) -> bool:
    error = run.last_error
    try:
        is_over = evaluate(run, evaluation)
    except Refusal:
        return True
    if run.last_error != error:
        Run.objects.filter(pk=run.pk, version=run.version).update(last_error=run.last_error)
    return is_over


def _is_enabled(run: Run, attempt: Attempt) -> bool:
    """Of a run that pauses at a step: whether the feature of its command is on. An external step tries itself."""
    if isinstance(attempt.step, ExternalStep):
        return True
    command = attempt.commands(data_of(run, attempt.saga))
    return is_enabled(type(command), steward(run, attempt.saga))
