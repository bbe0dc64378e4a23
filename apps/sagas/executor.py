"""How a run goes on: one move after the other, each in a transaction with its effects.

A move is taken first, in a transaction of its own that counts the attempt and raises the run's version; it is made
in a second one that must find this version again. So a worker that dies in a step is counted, and of two
executors the one that took the run last has it: the other finds that it lost it, and leaves. An errand is done between
the two, by one executor at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from apps.bus import Command, dispatch
from apps.bus.errors import FeatureOff, RequestInFlight
from apps.events import emitting_only
from apps.kernel.actors import Steward, System
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.errors import Refusal, Unavailable
from apps.kernel.locks import Lock
from apps.kernel.tenant import current_tenant
from apps.kernel.transactions import advisory_lock, unit_of_work

from . import errands, runs
from .base import NOTHING, SAGAS, AnyStep, Asked, Cause, Deed, Errand, Saga, Step, Wait
from .errors import DeadlinePassed, RunIsBusy, StepUnknown, WorkerLost
from .events import SagaStuck
from .models import Happening, Run

Ask = Callable[[Any], Iterable[Asked] | None]
RUN = Lock("saga:{run}")
log = logging.getLogger(__name__)


def advance(run_id: int, *, woken: bool = False) -> None:
    """Go on as far as the run goes now: to its end, to a wait, to a pause before another try, or to an operator."""
    goes_on = _move(run_id, woken=woken)
    while goes_on:
        goes_on = _move(run_id, woken=False)


def drive(run_id: int) -> Run:
    """Go on in this process, for somebody who waits for the answer. Returns the run as far as it came.

    He is not kept waiting for another try: what fails before the pivot turns the journey back at once, and is raised
    when all is taken back. What fails later is left to the workers. Raises RunIsBusy while somebody else drives it.
    """
    with _alone_with(run_id) as is_acquired, _waited_for() as failures, emitting_only((SagaStuck,)):
        if not is_acquired:
            busy = Run.objects.get(pk=run_id)
            raise RunIsBusy(run=busy, step=busy.step)
        advance(run_id, woken=True)
        run = Run.objects.get(pk=run_id)
    if failures and run.direction == Run.Direction.BACK:
        raise failures[0]
    return run


def _move(run_id: int, *, woken: bool) -> bool:
    """Make one move. True when the next can follow at once."""
    with ExitStack() as held:
        taken = _take(run_id, held, woken=woken)
        if taken is None:
            return False
        with correlated(taken.correlation_id, causation=f"saga:{taken.pk}"):
            tried = _on_errand(taken)
            with unit_of_work():
                run = (
                    Run.objects.under_way()
                    .select_for_update()
                    .filter(pk=run_id, version=taken.version)
                    .first()
                )
                if run is None:
                    return False
                _make(run, tried)
    return run.ended_at is None and run.due_at is None and run.state != Run.State.NEEDS_OPERATOR


def _take(run_id: int, held: ExitStack, *, woken: bool) -> Run | None:
    """The run with its version from now on, or None when there is nothing to do for it."""
    with unit_of_work():
        run = Run.objects.under_way().select_for_update().filter(pk=run_id).first()
        if run is None or run.state == Run.State.NEEDS_OPERATOR:
            return None
        is_early = run.due_at is not None and run.due_at > now()
        if is_early and not (woken and (run.state == Run.State.WAITING or _is_waited_for())):
            return None
        if isinstance(_step(run)[1], Errand) and not held.enter_context(_alone_with(run_id)):
            runs.call(run, after=runs.HEAD_START)
            return None
        run.version += 1
        run.attempts += run.state != Run.State.WAITING
        run.stage = ""
        run.save(update_fields=["version", "attempts", "stage"])
        return run


def _step(run: Run) -> tuple[Saga | None, AnyStep | None]:
    saga = SAGAS.get(run.saga)
    return saga, saga.step(run.step) if saga else None


@contextmanager
def _alone_with(run_id: int) -> Iterator[bool]:
    with advisory_lock(RUN.key(run=run_id)) as is_acquired:
        yield is_acquired


def _make(run: Run, tried: Tried | None) -> None:
    saga, step = _step(run)
    if saga is None or step is None:
        runs.get_stuck(run, str(StepUnknown(step=run.step, saga=run.saga)))
    elif run.direction == Run.Direction.BACK:
        _go_back(run, saga, step, tried)
    elif _is_late(run, saga):
        runs.turn_back(run, str(DeadlinePassed(what=run, deadline=f"{run.deadline_at:%Y-%m-%d %H:%M} UTC")))
    elif isinstance(step, Wait):
        _look(run, saga, step)
    elif isinstance(step, Step | Errand):
        _go_forth(run, saga, step, tried)


def _is_late(run: Run, saga: Saga) -> bool:
    return run.deadline_at < now() and not runs.is_past_pivot(run, saga)


@dataclass(frozen=True)
class Tried:
    """What came of a step: what it returned, or what went wrong."""

    result: Any = None
    error: Exception | None = None


def _try(run: Run, doing: Callable[[], Any]) -> Tried:
    try:
        return Tried(result=doing())
    except Exception as error:
        if not isinstance(error, Refusal):
            log.exception("%s failed at “%s”.", run, run.step)
        if (failures := _failures.get()) is not None:
            failures.append(error)
        return Tried(error=error)


def _on_errand(run: Run) -> Tried | None:
    """What came of the step where it is an errand to be tried now; other steps are tried with the run's move."""
    saga, step = _step(run)
    if saga is None or not isinstance(step, Errand) or _is_hopeless(run, step):
        return None
    if run.direction == Run.Direction.FORTH:
        if _is_late(run, saga):
            return None
        ask: Ask = step.forth
    elif step.back is None or step.back is NOTHING:
        return None
    else:
        ask = step.back
    return _try(run, lambda: errands.do(run, saga, ask, actor=_steward(run, saga)))


def _is_hopeless(run: Run, step: Cause[Any] | Deed) -> bool:
    return run.attempts > step.retries + 1


def _go_forth(run: Run, saga: Saga, step: Deed, tried: Tried | None) -> None:
    if _is_hopeless(run, step):
        return _give_up(run, saga, str(WorkerLost(attempts=step.retries + 1, step=step.name)))
    tried = tried or _try(run, lambda: _dispatch(step.forth(runs.data_of(run, saga)), _steward(run, saga)))
    match tried.error:
        case None:
            return runs.step_done(run, saga, step, tried.result)
        case FeatureOff() if not _is_waited_for():
            run.attempts -= 1  # it may be off for long, and nobody failed
            return runs.pause(run, str(tried.error))
        case Unavailable() | RequestInFlight():
            return _try_again(run, saga, step, tried.error)
        case Refusal() if not runs.is_past_pivot(run, saga):
            return _refused(run, _why(run, tried.error))
        case _:
            return _try_again(run, saga, step, tried.error)


def _look(run: Run, saga: Saga, wait: Wait[Any]) -> None:
    try:
        with unit_of_work():
            has_come = wait.until(runs.data_of(run, saga))
    except Refusal as refusal:
        return (
            _give_up(run, saga, str(refusal))
            if runs.is_past_pivot(run, saga)
            else _refused(run, str(refusal))
        )
    except Exception as error:
        log.exception("%s could not look at “%s”.", run, wait.name)
        run.last_error, has_come = f"{type(error).__name__}: {error}"[:2000], False
    if has_come:
        runs.note(run, Happening.What.DONE)
        return runs.go_to(run, saga.after(wait.name))
    if run.waits_until and run.waits_until < now():
        late = DeadlinePassed(what=f"“{wait.name}”", deadline=f"{run.waits_until:%Y-%m-%d %H:%M} UTC")
        return _give_up(run, saga, str(late))
    return runs.keep_waiting(run, wait.look_every, wait.at_most)


def _go_back(run: Run, saga: Saga, step: AnyStep, tried: Tried | None) -> None:
    """Whatever stands against a compensation, it is tried again, and then a person decides: giving it up silently
    would leave half a journey behind."""
    back = None if isinstance(step, Wait) else step.back
    if isinstance(step, Wait) or back is NOTHING:
        return runs.step_undone(run, "There is nothing to take back.")
    if back is None:
        return runs.get_stuck(run, f"“{step.name}” has no way back: undo it by hand, then skip it.")
    if _is_hopeless(run, step):
        return runs.get_stuck(run, str(WorkerLost(attempts=step.retries + 1, step=step.name)))
    tried = tried or _try(run, lambda: _dispatch(back(runs.data_of(run, saga)), _steward(run, saga)))
    if tried.error:
        return _try_again(run, saga, step, tried.error)
    return runs.step_undone(run)


def _dispatch(command: Any, actor: System) -> Any:
    """In a savepoint of the run's move."""
    with unit_of_work():
        return dispatch(command, actor=actor) if isinstance(command, Command) else None


def _refused(run: Run, why: str) -> None:
    runs.note(run, Happening.What.REFUSED, why)
    runs.turn_back(run, why)


def _why(run: Run, error: Exception) -> str:
    """In words, with the stage at which it failed."""
    said = str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
    return f"At “{run.stage}”: {said}" if run.stage else said


def _try_again(run: Run, saga: Saga, step: Cause[Any] | Deed, error: Exception) -> None:
    why = _why(run, error)
    if run.attempts <= step.retries and not _cannot_wait(run, saga):
        runs.pause(run, why)
    else:
        runs.note(run, Happening.What.FAILED, why)
        _give_up(run, saga, why)


def _cannot_wait(run: Run, saga: Saga) -> bool:
    forth = run.direction == Run.Direction.FORTH
    return _is_waited_for() and forth and not runs.is_past_pivot(run, saga)


def _give_up(run: Run, saga: Saga, why: str) -> None:
    """Before the pivot the journey turns back. After it, and on the way back, a person decides."""
    if run.direction == Run.Direction.BACK or runs.is_past_pivot(run, saga):
        runs.get_stuck(run, why)
    else:
        runs.turn_back(run, why)


def _steward(run: Run, saga: Saga) -> System:
    """A saga acts for itself; whoever began it is named, since he may have no right to its later steps."""
    kind = System if current_tenant() else Steward
    return kind(f"{saga.title}, begun by {run.actor_name}")


_failures: ContextVar[list[Exception] | None] = ContextVar("failures", default=None)


@contextmanager
def _waited_for() -> Iterator[list[Exception]]:
    """Inside the block somebody waits for the answer; what fails meanwhile is in the list."""
    failures: list[Exception] = []
    token = _failures.set(failures)
    try:
        yield failures
    finally:
        _failures.reset(token)


def _is_waited_for() -> bool:
    return _failures.get() is not None
