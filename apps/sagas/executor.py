"""Execution of a run: one transition after the other, each in a transaction with its effects.

An executor first claims the run, in a separate transaction that counts the attempt and raises the run's version. The
transition happens in a second transaction that must find this version unchanged. A crash in a step is thus counted, and
of two executors the later claim wins; the other finds a newer version and stops. An external step runs between the two
transactions, in one executor at a time.
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
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, Unavailable
from apps.kernel.tenant import current_tenant

from . import external_steps, runs
from .base import (
    NO_COMPENSATION,
    SAGAS,
    ActionStep,
    AnyStep,
    ExternalStep,
    Saga,
    ScopedCommand,
    Step,
    Trigger,
    Wait,
)
from .errors import DeadlinePassed, RunIsBusy, StepUnknown, WorkerLost
from .events import SagaStuck
from .models import LogEntry, Run

Commands = Callable[[Any], Iterable[ScopedCommand] | None]
RUN = Lock("saga:{run}")
log = logging.getLogger(__name__)


def advance(run_id: int, *, resumed: bool = False) -> None:
    """Advance the run until it ends, waits, pauses before another attempt, or needs an operator."""
    can_continue = _advance_once(run_id, resumed=resumed)
    while can_continue:
        can_continue = _advance_once(run_id, resumed=False)


def run_inline(run_id: int) -> Run:
    """Advance the run in this process, for a caller that waits for the outcome. Returns the run.

    There are no retries: a failure before the pivot compensates at once and is raised after the compensation; a later
    failure is left to the workers. Raises RunIsBusy while another process executes the run.
    """
    with _run_lock(run_id) as is_acquired, _inline() as failures, emitting_only((SagaStuck,)):
        if not is_acquired:
            busy = Run.objects.get(pk=run_id)
            raise RunIsBusy(run=busy, step=busy.step)
        advance(run_id, resumed=True)
        run = Run.objects.get(pk=run_id)
    if failures and run.direction == Run.Direction.COMPENSATING:
        raise failures[0]
    return run


def _advance_once(run_id: int, *, resumed: bool) -> bool:
    """Make one transition. Returns whether the next can follow at once."""
    with ExitStack() as locks:
        claimed = _claim(run_id, locks, resumed=resumed)
        if claimed is None:
            return False
        with correlated(claimed.correlation_id, causation=f"saga:{claimed.pk}"):
            outcome = _try_external_step(claimed)
            with unit_of_work():
                run = (
                    Run.objects.in_progress()
                    .select_for_update()
                    .filter(pk=run_id, version=claimed.version)
                    .first()
                )
                if run is None:
                    return False
                _transition(run, outcome)
    return run.ended_at is None and run.due_at is None and run.state != Run.State.NEEDS_ATTENTION


def _claim(run_id: int, locks: ExitStack, *, resumed: bool) -> Run | None:
    """The run with its new version, or None when it is not to be advanced now."""
    with unit_of_work():
        run = Run.objects.in_progress().select_for_update().filter(pk=run_id).first()
        if run is None or run.state == Run.State.NEEDS_ATTENTION:
            return None
        is_early = run.due_at is not None and run.due_at > now()
        if is_early and not (resumed and (run.state == Run.State.WAITING or _is_inline())):
            return None
        if isinstance(_step(run)[1], ExternalStep) and not locks.enter_context(_run_lock(run_id)):
            runs.schedule(run, after=runs.TAKEOVER_DELAY)
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
def _run_lock(run_id: int) -> Iterator[bool]:
    with advisory_lock(RUN.key(run=run_id)) as is_acquired:
        yield is_acquired


def _transition(run: Run, outcome: Outcome | None) -> None:
    saga, step = _step(run)
    if saga is None or step is None:
        runs.stop_for_operator(run, str(StepUnknown(step=run.step, saga=run.saga)))
    elif run.direction == Run.Direction.COMPENSATING:
        _compensate(run, saga, step, outcome)
    elif _is_late(run, saga):
        runs.compensate(run, str(DeadlinePassed(what=run, deadline=f"{run.deadline_at:%Y-%m-%d %H:%M} UTC")))
    elif isinstance(step, Wait):
        _check_wait(run, saga, step)
    elif isinstance(step, Step | ExternalStep):
        _execute(run, saga, step, outcome)


def _is_late(run: Run, saga: Saga) -> bool:
    return run.deadline_at < now() and not runs.is_past_pivot(run, saga)


@dataclass(frozen=True)
class Outcome:
    """Result or error of one attempt."""

    result: Any = None
    error: Exception | None = None


def _try(run: Run, function: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(result=function())
    except Exception as error:
        if not isinstance(error, Refusal):
            log.exception("%s failed at “%s”.", run, run.step)
        if (failures := _failures.get()) is not None:
            failures.append(error)
        return Outcome(error=error)


def _try_external_step(run: Run) -> Outcome | None:
    """The outcome of an external step; None for other steps, which run in the transaction of the transition."""
    saga, step = _step(run)
    if saga is None or not isinstance(step, ExternalStep) or _is_exhausted(run, step):
        return None
    if run.direction == Run.Direction.FORWARD:
        if _is_late(run, saga):
            return None
        commands: Commands = step.action
    elif step.compensation is None or step.compensation is NO_COMPENSATION:
        return None
    else:
        commands = step.compensation
    return _try(run, lambda: external_steps.execute(run, saga, commands, actor=_steward(run, saga)))


def _is_exhausted(run: Run, step: Trigger[Any] | ActionStep) -> bool:
    return run.attempts > step.retries + 1


def _execute(run: Run, saga: Saga, step: ActionStep, outcome: Outcome | None) -> None:
    if _is_exhausted(run, step):
        return _fail(run, saga, str(WorkerLost(attempts=step.retries + 1, step=step.name)))
    outcome = outcome or _try(
        run, lambda: _dispatch(step.action(runs.data_of(run, saga)), _steward(run, saga))
    )
    match outcome.error:
        case None:
            return runs.complete_step(run, saga, step, outcome.result)
        case FeatureOff() if not _is_inline():
            run.attempts -= 1  # the feature may be off for long: this is no failed attempt
            return runs.retry_later(run, str(outcome.error))
        case Unavailable() | RequestInFlight():
            return _retry(run, saga, step, outcome.error)
        case Refusal() if not runs.is_past_pivot(run, saga):
            return _refuse(run, _reason(run, outcome.error))
        case _:
            return _retry(run, saga, step, outcome.error)


def _check_wait(run: Run, saga: Saga, wait: Wait[Any]) -> None:
    try:
        with unit_of_work():
            is_over = wait.until(runs.data_of(run, saga))
    except Refusal as refusal:
        return _fail(run, saga, str(refusal)) if runs.is_past_pivot(run, saga) else _refuse(run, str(refusal))
    except Exception as error:
        log.exception("%s could not evaluate “%s”.", run, wait.name)
        run.last_error, is_over = f"{type(error).__name__}: {error}"[:2000], False
    if is_over:
        runs.write_log(run, LogEntry.Kind.DONE)
        return runs.go_to(run, saga.after(wait.name))
    if run.waits_until and run.waits_until < now():
        late = DeadlinePassed(what=f"“{wait.name}”", deadline=f"{run.waits_until:%Y-%m-%d %H:%M} UTC")
        return _fail(run, saga, str(late))
    return runs.continue_waiting(run, wait.poll_interval, wait.timeout)


def _compensate(run: Run, saga: Saga, step: AnyStep, outcome: Outcome | None) -> None:
    """A failed compensation is retried and then needs an operator: to skip it would leave the process half undone."""
    compensation = None if isinstance(step, Wait) else step.compensation
    if isinstance(step, Wait) or compensation is NO_COMPENSATION:
        return runs.complete_compensation(run, "Nothing to compensate.")
    if compensation is None:
        return runs.stop_for_operator(
            run, f"“{step.name}” has no compensation: reverse it by hand, then skip it."
        )
    if _is_exhausted(run, step):
        return runs.stop_for_operator(run, str(WorkerLost(attempts=step.retries + 1, step=step.name)))
    outcome = outcome or _try(
        run, lambda: _dispatch(compensation(runs.data_of(run, saga)), _steward(run, saga))
    )
    if outcome.error:
        return _retry(run, saga, step, outcome.error)
    return runs.complete_compensation(run)


def _dispatch(command: Any, actor: System) -> Any:
    """In a savepoint of the transition."""
    with unit_of_work():
        return dispatch(command, actor=actor) if isinstance(command, Command) else None


def _refuse(run: Run, reason: str) -> None:
    runs.write_log(run, LogEntry.Kind.REFUSED, reason)
    runs.compensate(run, reason)


def _reason(run: Run, error: Exception) -> str:
    """The message of the error, with the stage in which it occurred."""
    message = str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
    return f"At “{run.stage}”: {message}" if run.stage else message


def _retry(run: Run, saga: Saga, step: Trigger[Any] | ActionStep, error: Exception) -> None:
    reason = _reason(run, error)
    if run.attempts <= step.retries and not _must_fail_fast(run, saga):
        runs.retry_later(run, reason)
    else:
        runs.write_log(run, LogEntry.Kind.FAILED, reason)
        _fail(run, saga, reason)


def _must_fail_fast(run: Run, saga: Saga) -> bool:
    forward = run.direction == Run.Direction.FORWARD
    return _is_inline() and forward and not runs.is_past_pivot(run, saga)


def _fail(run: Run, saga: Saga, reason: str) -> None:
    """Compensate before the pivot; after it, and while compensating, stop for an operator."""
    if run.direction == Run.Direction.COMPENSATING or runs.is_past_pivot(run, saga):
        runs.stop_for_operator(run, reason)
    else:
        runs.compensate(run, reason)


def _steward(run: Run, saga: Saga) -> System:
    """The actor of every step: the saga itself, since the user that started it may lack permissions of later steps."""
    kind = System if current_tenant() else Steward
    return kind(f"{saga.title}, started by {run.actor_name}")


_failures: ContextVar[list[Exception] | None] = ContextVar("failures", default=None)


@contextmanager
def _inline() -> Iterator[list[Exception]]:
    """Inside the block a caller waits for the outcome; errors are collected in the list."""
    failures: list[Exception] = []
    token = _failures.set(failures)
    try:
        yield failures
    finally:
        _failures.reset(token)


def _is_inline() -> bool:
    return _failures.get() is not None
