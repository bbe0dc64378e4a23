"""How a run goes on: one move after the other, each in a transaction with its effects.

A move is taken first, in a transaction of its own that counts the attempt and raises the run's version; it is made
in a second one that must find this version again. So a worker that dies in a step is counted, and of two
executors the one that took the run last has it: the other finds that it lost it, and leaves.
"""

from __future__ import annotations

import logging
from typing import Any

from apps.bus import Command, dispatch
from apps.bus.errors import FeatureOff
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.errors import Refusal, Unavailable
from apps.kernel.transactions import unit_of_work

from . import runs
from .base import NOTHING, SAGAS, AnyStep, Saga, Step, Wait
from .errors import DeadlinePassed, StepUnknown, WorkerLost
from .models import Happening, Run

log = logging.getLogger(__name__)


def advance(run_id: int, *, woken: bool = False) -> None:
    """Go on as far as the run goes now: to its end, to a wait, to a pause before another try, or to an operator."""
    goes_on = _move(run_id, woken=woken)
    while goes_on:
        goes_on = _move(run_id, woken=False)


def _move(run_id: int, *, woken: bool) -> bool:
    """Make one move. True when the next can follow at once."""
    version = _take(run_id, woken=woken)
    if version is None:
        return False
    with unit_of_work():
        run = Run.objects.under_way().select_for_update().filter(pk=run_id, version=version).first()
        if run is None:
            return False
        with correlated(run.correlation_id, causation=f"saga:{run.pk}"):
            _make(run)
        return run.ended_at is None and run.due_at is None and run.state != Run.State.NEEDS_OPERATOR


def _take(run_id: int, *, woken: bool) -> int | None:
    """The run's version from now on, or None when there is nothing to do for it."""
    with unit_of_work():
        run = Run.objects.under_way().select_for_update().filter(pk=run_id).first()
        if run is None or run.state == Run.State.NEEDS_OPERATOR:
            return None
        is_early = run.due_at is not None and run.due_at > now()
        if is_early and not (woken and run.state == Run.State.WAITING):
            return None
        run.version += 1
        run.attempts += run.state != Run.State.WAITING
        run.save(update_fields=["version", "attempts"])
        return run.version


def _make(run: Run) -> None:
    saga = SAGAS.get(run.saga)
    step = saga.step(run.step) if saga else None
    if saga is None or step is None:
        runs.get_stuck(run, str(StepUnknown(step=run.step, saga=run.saga)))
    elif run.direction == Run.Direction.BACK:
        _go_back(run, saga, step)
    elif run.deadline_at < now() and not runs.is_past_pivot(run, saga):
        runs.turn_back(run, str(DeadlinePassed(what=run, deadline=f"{run.deadline_at:%Y-%m-%d %H:%M} UTC")))
    elif isinstance(step, Wait):
        _look(run, saga, step)
    else:
        _go_forth(run, saga, step)


def _go_forth(run: Run, saga: Saga, step: Step[Any]) -> None:
    if run.attempts > step.retries + 1:
        return _give_up(run, saga, str(WorkerLost(attempts=step.retries + 1, step=step.name)))
    try:
        with unit_of_work():
            result = dispatch(step.forth(runs.data_of(run, saga)), actor=_steward(run, saga))
    except FeatureOff as off:
        run.attempts -= 1  # it may be off for long, and nobody failed
        return runs.pause(run, str(off))
    except Refusal as refusal:
        if isinstance(refusal, Unavailable) or runs.is_past_pivot(run, saga):
            return _try_again(run, saga, step, refusal)
        return _refused(run, refusal)
    except Exception as error:
        log.exception("%s failed at “%s”.", run, step.name)
        return _try_again(run, saga, step, error)
    return runs.step_done(run, saga, step, result)


def _look(run: Run, saga: Saga, wait: Wait[Any]) -> None:
    try:
        with unit_of_work():
            has_come = wait.until(runs.data_of(run, saga))
    except Refusal as refusal:
        return _give_up(run, saga, str(refusal)) if runs.is_past_pivot(run, saga) else _refused(run, refusal)
    except Exception as error:
        log.exception("%s could not look at “%s”.", run, wait.name)
        run.trouble, has_come = f"{type(error).__name__}: {error}"[:2000], False
    if has_come:
        runs.note(run, Happening.What.DONE)
        return runs.go_to(run, saga.after(wait.name))
    if run.waits_until and run.waits_until < now():
        late = DeadlinePassed(what=f"“{wait.name}”", deadline=f"{run.waits_until:%Y-%m-%d %H:%M} UTC")
        return _give_up(run, saga, str(late))
    return runs.keep_waiting(run, wait.look_every, wait.at_most)


def _go_back(run: Run, saga: Saga, step: AnyStep) -> None:
    """Whatever stands against a compensation, it is tried again, and then a person decides: giving it up silently
    would leave half a journey behind."""
    if not isinstance(step, Step) or step.back is NOTHING:
        return runs.step_undone(run, "There is nothing to take back.")
    if step.back is None:
        return runs.get_stuck(run, f"“{step.name}” has no way back: undo it by hand, then skip it.")
    if run.attempts > step.retries + 1:
        return runs.get_stuck(run, str(WorkerLost(attempts=step.retries + 1, step=step.name)))
    try:
        with unit_of_work():
            _dispatch_back(step.back(runs.data_of(run, saga)), _steward(run, saga))
    except Exception as error:
        if not isinstance(error, Refusal):
            log.exception("%s could not take back “%s”.", run, step.name)
        return _try_again(run, saga, step, error)
    return runs.step_undone(run)


def _dispatch_back(command: Command | None, actor: System) -> None:
    if command is not None:
        dispatch(command, actor=actor)


def _refused(run: Run, refusal: Refusal) -> None:
    runs.note(run, Happening.What.REFUSED, str(refusal))
    runs.turn_back(run, str(refusal))


def _try_again(run: Run, saga: Saga, step: Step[Any], error: Exception) -> None:
    why = str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
    if run.attempts <= step.retries:
        runs.pause(run, why)
    else:
        runs.note(run, Happening.What.FAILED, why)
        _give_up(run, saga, why)


def _give_up(run: Run, saga: Saga, why: str) -> None:
    """Before the pivot the journey turns back. After it, and on the way back, a person decides."""
    if run.direction == Run.Direction.BACK or runs.is_past_pivot(run, saga):
        runs.get_stuck(run, why)
    else:
        runs.turn_back(run, why)


def _steward(run: Run, saga: Saga) -> System:
    """A saga acts for itself; whoever began it is named, since he may have no right to its later steps."""
    return System(f"{saga.title}, begun by {run.actor_name}")
