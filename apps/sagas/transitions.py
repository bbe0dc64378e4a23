"""Transitions of a run, each under the lock of its row and in the transaction of its effects.

running ⇄ waiting → done
   ↓
compensating → compensated          needs attention: from each of them, until an operator decides
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.db.retries import Backoff
from apps.kernel.text import sanitised

from .data import carry
from .declaration import SAGAS, Saga
from .events import SagaStuck
from .models import LogEntry, Run
from .scheduling import schedule
from .steps import NO_COMPENSATION, ActionStep, ExternalStep, Wait
from .store import save, write_log

BACKOFF = Backoff.exponential(first=dt.timedelta(seconds=2), max_delay=dt.timedelta(minutes=5), retries=9)
"""Between attempts of a step. The declaration of the step says how many it has."""
PAUSE_DURATION = dt.timedelta(hours=1)
"""Of a run at a step whose feature is off, unless it is resumed."""
log = logging.getLogger(__name__)
Kind, State, Direction = LogEntry.Kind, Run.State, Run.Direction


def complete_step(run: Run, saga: Saga, step: ActionStep, result: Any) -> None:
    carry(run, saga, step, result)
    run.completed_steps = [*run.completed_steps, step.name]
    write_log(run, Kind.DONE, _named(result))
    _go_to(run, saga.after(step.name))


def _named(result: Any) -> str:
    if isinstance(result, list):
        return ", ".join(str(item) for item in result if item is not None)
    return str(result if result is not None else "")


def complete_wait(run: Run, saga: Saga, wait: Wait[Any]) -> None:
    write_log(run, Kind.DONE)
    _go_to(run, saga.after(wait.name))


def continue_waiting(run: Run, wait: Wait[Any]) -> None:
    """Start or continue to wait, until the run is resumed or the sweep finds that it can continue."""
    if run.state != State.WAITING:
        write_log(run, Kind.WAITS)
        run.state, run.waits_until = State.WAITING, now() + wait.timeout
    run.next_at = run.waits_until
    save(run)


def compensate(run: Run, reason: str) -> None:
    """Start to compensate the completed steps in reverse, and the trigger last."""
    write_log(run, Kind.COMPENSATING, reason)
    _start_compensation(run, reason)


def compensate_by_operator(run: Run, reason: str, actor_name: str) -> None:
    """The same on request of an operator, also after the pivot."""
    write_log(run, Kind.FORCED, reason, actor_name)
    _start_compensation(run, reason)


def _start_compensation(run: Run, reason: str) -> None:
    """The current step comes first where it is an external one: some of its commands may be committed."""
    run.direction, run.last_error = Direction.COMPENSATING, reason
    saga = SAGAS.get(run.saga)
    step = saga.step(run.step) if saga else None
    if saga and saga.trigger:
        run.completed_steps = [saga.trigger.name, *run.completed_steps]
    if isinstance(step, ExternalStep) and step.compensation not in (None, NO_COMPENSATION):
        run.completed_steps = [*run.completed_steps, step.name]
    _go_to_last_completed(run)


def complete_compensation(run: Run, detail: str = "") -> None:
    write_log(run, Kind.COMPENSATED, detail)
    run.completed_steps = run.completed_steps[:-1]
    _go_to_last_completed(run)


def skip_step(run: Run, saga: Saga, reason: str, actor_name: str) -> None:
    """Continue as if the current step, or its compensation, were done."""
    write_log(run, Kind.SKIPPED, reason, actor_name)
    if run.direction == Direction.FORWARD:
        return _go_to(run, saga.after(run.step))
    run.completed_steps = run.completed_steps[:-1]
    return _go_to_last_completed(run)


def retry_step(run: Run, reason: str, actor_name: str) -> None:
    """Continue with the current step and the full number of attempts, on request of an operator."""
    write_log(run, Kind.RETRIED, reason, actor_name)
    _go_to(run, run.step)


def retry_later(run: Run, reason: str) -> None:
    """Schedule another attempt of the step, with exponential backoff and jitter."""
    write_log(run, Kind.FAILED, reason)
    run.state = State.COMPENSATING if run.is_compensating else State.RUNNING
    delay = BACKOFF.delay(run.attempts)
    run.next_at = now() + delay
    schedule(run, after=delay)
    save(run)


def pause(run: Run, reason: str) -> None:
    """Wait without counting the attempt: the feature may be off, or an open period missing, for long. The sweep tries
    again."""
    if run.state != State.WAITING:
        write_log(run, Kind.WAITS, reason)
    run.state, run.attempts = State.WAITING, max(run.attempts - 1, 0)
    run.next_at = now() + PAUSE_DURATION
    save(run)


def stop_for_operator(run: Run, reason: str) -> None:
    """Stop until an operator decides."""
    write_log(run, Kind.STUCK, reason)
    run.state, run.last_error, run.next_at = State.NEEDS_ATTENTION, reason, None
    save(run)
    publish(
        SagaStuck(
            run_id=run.pk, saga=run.saga, subject=run.subject, step=run.step, why=sanitised(reason[:500])
        )
    )
    log.error("%s needs an operator at “%s”: %s", run, run.step, reason)


def _go_to_last_completed(run: Run) -> None:
    _go_to(run, run.completed_steps[-1] if run.completed_steps else "")


def _go_to(run: Run, step: str) -> None:
    """Make this the current step, in the direction of the run; an empty name ends the run."""
    run.attempts, run.next_at, run.waits_until, run.stage = 0, None, None, ""
    if not step:
        return _end(run)
    run.state = State.RUNNING if run.direction == Direction.FORWARD else State.COMPENSATING
    run.step = step
    run.progress = SAGAS[run.saga].percent_at(step) if run.saga in SAGAS else run.progress
    return save(run)


def _end(run: Run) -> None:
    forward = run.direction == Direction.FORWARD
    run.state, run.progress = (State.DONE, 100) if forward else (State.COMPENSATED, 0)
    run.finished_at = now()
    write_log(run, Kind.ENDED, run.get_state_display())
    save(run)
