"""Transitions of a run: start, resume, complete, compensate, pause, end. Each writes an entry of the run's log.

A transition happens under the lock of the run's row, in the transaction of its effects.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from apps.events import publish
from apps.kernel.actors import acting, actor_label
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.plain import from_plain, to_plain

from .base import NO_COMPENSATION, SAGAS, ActionStep, ExternalStep, Saga, Wait
from .events import SagaDue, SagaStuck
from .models import LogEntry, Run

MAX_RETRY_DELAY_S = 300
STALLED_AFTER = dt.timedelta(minutes=10)
TAKEOVER_DELAY = dt.timedelta(seconds=30)
"""Delay before the workers take over a run that another process executes inline."""
log = logging.getLogger(__name__)
Kind, State, Direction = LogEntry.Kind, Run.State, Run.Direction


def begin(saga: Saga, data: Any, *, subject: str, inline: bool = False) -> Run:
    """Start a run in the transaction of the change that triggers it.

    A saga runs once for one subject: a second call returns the existing run. A saga that `repeats` starts a new run
    after the previous one has ended. With `inline`, this process executes the run (executor.run_inline), and workers
    take over only after a delay.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{saga.name} must begin inside the transaction of its trigger.")
    with correlated() as correlation:
        run, is_new = Run.objects.get_or_create(
            saga=saga.name,
            subject=subject,
            run_number=_run_number(saga, subject),
            defaults={
                "step": saga.names[0],
                "data": to_plain(data),
                "deadline_at": now() + saga.deadline,
                "actor_name": actor_label(acting() or "the platform")[:200],
                "correlation_id": correlation,
                "begun_at": now(),
                "moved_at": now(),
            },
        )
        if is_new:
            write_log(run, Kind.BEGAN)
            schedule(run, after=TAKEOVER_DELAY if inline else None)
    return run


def _run_number(saga: Saga, subject: str) -> int:
    last = Run.objects.filter(saga=saga.name, subject=subject).order_by("run_number").last()
    if last is None:
        return 1
    return last.run_number + 1 if saga.repeats and last.ended_at else last.run_number


def resume(subject: str) -> int:
    """Have the runs of the subject evaluate their wait conditions now. Returns the number of runs.

    Includes runs that do not wait yet: such a run may have evaluated its condition without having committed that.
    """
    in_progress = Run.objects.in_progress().filter(subject=subject).exclude(state=State.NEEDS_ATTENTION)
    for run in in_progress:
        schedule(run, resumed=True)
    return len(in_progress)


def reschedule_stalled() -> int:
    """Schedule runs again whose `saga.due` event was lost, dropped or dead-lettered. Returns the number of runs."""
    long_ago = now() - STALLED_AFTER
    stalled = (
        Run.objects.in_progress()
        .exclude(state=State.NEEDS_ATTENTION)
        .filter(Q(due_at=None) | Q(due_at__lt=long_ago), moved_at__lt=long_ago)
    )
    with unit_of_work():
        for run in stalled:
            log.warning("%s stalled at “%s” and is scheduled again.", run, run.step)
            schedule(run)
    return len(stalled)


def schedule(run: Run, *, after: dt.timedelta | None = None, resumed: bool = False) -> None:
    """Have a worker advance the run, now or later: by an event, which commits with the change."""
    queue = SAGAS[run.saga].queue if run.saga in SAGAS else "default"
    publish(SagaDue(run_id=run.pk, resumed=resumed), after=after, queue=queue)


def data_of(run: Run, saga: Saga) -> Any:
    return from_plain(saga.data, run.data)


def is_past_pivot(run: Run, saga: Saga) -> bool:
    return any(
        not isinstance(step, Wait) and step.pivot and step.name in run.completed_steps for step in saga.steps
    )


def complete_step(run: Run, saga: Saga, step: ActionStep, result: Any) -> None:
    if step.carry:
        run.data = to_plain(step.carry(data_of(run, saga), result))
    run.completed_steps = [*run.completed_steps, step.name]
    write_log(run, Kind.DONE, _named(result))
    go_to(run, saga.after(step.name))


def go_to(run: Run, step: str) -> None:
    """Make this the current step, in the direction of the run; an empty name ends the run."""
    run.attempts, run.due_at, run.waits_until, run.stage = 0, None, None, ""
    if step:
        run.state = State.RUNNING if run.direction == Direction.FORWARD else State.COMPENSATING
        run.step = step
        run.progress = SAGAS[run.saga].percent_at(step) if run.saga in SAGAS else run.progress
        _save(run)
    else:
        _end(run)


def save_progress(run: Run, percent: int) -> None:
    """Save the progress of a platform run within a step, outside the transaction of the step."""
    if run.direction == Direction.FORWARD:
        Run.objects.using("control").filter(pk=run.pk, version=run.version).update(progress=percent)


def begin_stage(run: Run, stage: str) -> None:
    """Save the stage at once, outside the transaction of the step, so that it is known after a crash."""
    with transaction.atomic(using="control"):
        if Run.objects.using("control").filter(pk=run.pk, version=run.version).update(stage=stage):
            write_log(run, Kind.STAGE, stage, using="control")


def compensate(run: Run, reason: str, *, actor_name: str = "") -> None:
    """Start to compensate the completed steps in reverse, and the trigger last.

    The current step comes first where it is an external one: some of its commands may be committed.
    """
    write_log(run, Kind.FORCED if actor_name else Kind.COMPENSATING, reason, actor_name)
    run.direction, run.last_error = Direction.COMPENSATING, reason
    saga = SAGAS.get(run.saga)
    step = saga.step(run.step) if saga else None
    if saga and saga.trigger:
        run.completed_steps = [saga.trigger.name, *run.completed_steps]
    if isinstance(step, ExternalStep) and step.compensation not in (None, NO_COMPENSATION):
        run.completed_steps = [*run.completed_steps, step.name]
    go_to(run, run.completed_steps[-1] if run.completed_steps else "")


def complete_compensation(run: Run, detail: str = "") -> None:
    write_log(run, Kind.COMPENSATED, detail)
    run.completed_steps = run.completed_steps[:-1]
    go_to(run, run.completed_steps[-1] if run.completed_steps else "")


def retry_later(run: Run, reason: str) -> None:
    """Schedule another attempt of the step, with exponential backoff and jitter."""
    write_log(run, Kind.FAILED, reason)
    delay = dt.timedelta(
        seconds=min(MAX_RETRY_DELAY_S, 2**run.attempts) * random.uniform(1, 1.5)  # noqa: S311 - jitter
    )
    run.due_at = now() + delay
    schedule(run, after=delay)
    _save(run)


def stop_for_operator(run: Run, reason: str) -> None:
    """Stop until an operator decides."""
    write_log(run, Kind.STUCK, reason)
    run.state, run.last_error, run.due_at = State.NEEDS_ATTENTION, reason, None
    _save(run)
    publish(SagaStuck(run_id=run.pk, saga=run.saga, subject=run.subject, step=run.step, why=reason[:500]))
    log.error("%s needs an operator at “%s”: %s", run, run.step, reason)


def continue_waiting(run: Run, poll_interval: dt.timedelta, timeout: dt.timedelta) -> None:
    """Start or continue to wait. One evaluation is scheduled at a time, however often the run is resumed."""
    if run.state != State.WAITING:
        write_log(run, Kind.WAITS)
        run.state, run.waits_until = State.WAITING, now() + timeout
    if run.due_at is None or run.due_at <= now():
        run.due_at = now() + poll_interval
        schedule(run, after=poll_interval)
    _save(run)


def retry_step(run: Run, kind: LogEntry.Kind, reason: str, actor_name: str) -> None:
    """Schedule the current step again, on request of an operator."""
    write_log(run, kind, reason, actor_name)
    go_to(run, run.step)
    schedule(run)


def write_log(
    run: Run, kind: LogEntry.Kind, detail: str = "", actor_name: str = "", *, using: str | None = None
) -> None:
    LogEntry.objects.using(using).create(
        run_id=run.pk,
        at=now(),
        kind=kind,
        step="" if kind in (Kind.BEGAN, Kind.ENDED) else run.step,
        direction=run.direction,
        attempt=run.attempts,
        detail=detail[:2000],
        actor_name=actor_name,
    )


def _named(result: Any) -> str:
    if isinstance(result, list):
        return ", ".join(str(item) for item in result if item is not None)
    return str(result if result is not None else "")


def _end(run: Run) -> None:
    forward = run.direction == Direction.FORWARD
    run.state, run.progress = (State.DONE, 100) if forward else (State.COMPENSATED, 0)
    run.ended_at = now()
    write_log(run, Kind.ENDED, run.get_state_display())
    _save(run)


def _save(run: Run) -> None:
    run.moved_at = now()
    run.save()
