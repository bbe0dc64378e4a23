"""How a run begins, is woken, and moves: the legal moves of a run, each with its mark in the timeline.

Every move is made under the lock of the run's row, in the transaction of what it stands for.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from apps.events import publish
from apps.kernel.actors import acting, both_names
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.plain import from_plain, to_plain
from apps.kernel.transactions import unit_of_work

from .base import NOTHING, SAGAS, Deed, Errand, Saga, Wait
from .events import DUE, SagaStuck
from .models import Happening, Run

LONGEST_PAUSE = 300
SILENCE = dt.timedelta(minutes=10)
HEAD_START = dt.timedelta(seconds=30)
"""What a process that drives its run itself has before the workers look whether it is still there."""
log = logging.getLogger(__name__)
What, State, Direction = Happening.What, Run.State, Run.Direction


def begin(saga: Saga, data: Any, *, subject: str, driven: bool = False) -> Run:
    """Set out, in the transaction of the change that is the reason for it. For one subject a saga runs once:
    beginning it again gives the run that is there. One that `repeats` sets out anew when that run has ended.

    One that is `driven` by this process (executor.drive) is left to it for a while.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{saga.name} must begin inside the transaction of its reason.")
    with correlated() as correlation:
        run, is_new = Run.objects.get_or_create(
            saga=saga.name,
            subject=subject,
            turn=_turn(saga, subject),
            defaults={
                "step": saga.names[0],
                "data": to_plain(data),
                "deadline_at": now() + saga.deadline,
                "actor_name": both_names(acting() or "the platform")[:200],
                "correlation_id": correlation,
                "begun_at": now(),
                "moved_at": now(),
            },
        )
        if is_new:
            note(run, What.BEGAN)
            call(run, after=HEAD_START if driven else None)
    return run


def _turn(saga: Saga, subject: str) -> int:
    last = Run.objects.filter(saga=saga.name, subject=subject).order_by("turn").last()
    if last is None:
        return 1
    return last.turn + 1 if saga.repeats and last.ended_at else last.turn


def wake(subject: str) -> int:
    """What the runs of the subject wait for may have come: they look. Returns how many there are.

    One that does not wait yet is called too: it may have looked a moment ago, and not have said so yet.
    """
    under_way = Run.objects.under_way().filter(subject=subject).exclude(state=State.NEEDS_OPERATOR)
    for run in under_way:
        call(run, woken=True)
    return len(under_way)


def rescue() -> int:
    """Call again the runs of which nothing was heard for long, though nothing holds them up: the event that was to
    call them was given up or dropped. Returns how many there are."""
    long_ago = now() - SILENCE
    forgotten = (
        Run.objects.under_way()
        .exclude(state=State.NEEDS_OPERATOR)
        .filter(Q(due_at=None) | Q(due_at__lt=long_ago), moved_at__lt=long_ago)
    )
    with unit_of_work():
        for run in forgotten:
            log.warning("%s was forgotten at “%s” and is called again.", run, run.step)
            call(run)
    return len(forgotten)


def call(run: Run, *, after: dt.timedelta | None = None, woken: bool = False) -> None:
    """Have the run go on, at once or later. It is an event like any other: not lost, and kept with the change."""
    due = DUE[SAGAS[run.saga].queue if run.saga in SAGAS else "default"]
    publish(due(run_id=run.pk, woken=woken), after=after)


def data_of(run: Run, saga: Saga) -> Any:
    return from_plain(saga.data, run.data)


def is_past_pivot(run: Run, saga: Saga) -> bool:
    return any(not isinstance(step, Wait) and step.pivot and step.name in run.done for step in saga.steps)


def step_done(run: Run, saga: Saga, step: Deed, result: Any) -> None:
    if step.keep:
        run.data = to_plain(step.keep(data_of(run, saga), result))
    run.done = [*run.done, step.name]
    note(run, What.DONE, _named(result))
    go_to(run, saga.after(step.name))


def go_to(run: Run, step: str) -> None:
    """The step is next, in the run's direction; without one the run has ended."""
    run.attempts, run.due_at, run.waits_until, run.stage = 0, None, None, ""
    if step:
        run.state = State.RUNNING if run.direction == Direction.FORTH else State.COMPENSATING
        run.step = step
        run.progress = SAGAS[run.saga].percent_at(step) if run.saga in SAGAS else run.progress
        _save(run)
    else:
        _end(run)


def is_at(run: Run, percent: int) -> None:
    """Note how far a run of the platform is in the middle of a step, beside whatever transaction the step is in."""
    if run.direction == Direction.FORTH:
        Run.objects.using("control").filter(pk=run.pk, version=run.version).update(progress=percent)


def begin_stage(run: Run, stage: str) -> None:
    """Note it at once, and beside whatever transaction the step is in: it is known also when the process is gone."""
    with transaction.atomic(using="control"):
        if Run.objects.using("control").filter(pk=run.pk, version=run.version).update(stage=stage):
            note(run, What.STAGE, stage, using="control")


def turn_back(run: Run, why: str, *, actor_name: str = "") -> None:
    """What was done is taken back, the last first and what it was begun by in the end. An errand on which it turns back
    may be half done: its commands are kept one by one."""
    note(run, What.FORCED if actor_name else What.TURNED, why, actor_name)
    run.direction, run.last_error = Direction.BACK, why
    saga = SAGAS.get(run.saga)
    step = saga.step(run.step) if saga else None
    if saga and saga.cause:
        run.done = [saga.cause.name, *run.done]
    if isinstance(step, Errand) and step.back not in (None, NOTHING):
        run.done = [*run.done, step.name]
    go_to(run, run.done[-1] if run.done else "")


def step_undone(run: Run, detail: str = "") -> None:
    note(run, What.UNDONE, detail)
    run.done = run.done[:-1]
    go_to(run, run.done[-1] if run.done else "")


def pause(run: Run, why: str) -> None:
    """Try the step again, later each time."""
    note(run, What.FAILED, why)
    wait = dt.timedelta(
        seconds=min(LONGEST_PAUSE, 2**run.attempts) * random.uniform(1, 1.5)  # noqa: S311 - jitter
    )
    run.due_at = now() + wait
    call(run, after=wait)
    _save(run)


def get_stuck(run: Run, why: str) -> None:
    """Nothing more can be done without a person."""
    note(run, What.STUCK, why)
    run.state, run.last_error, run.due_at = State.NEEDS_OPERATOR, why, None
    _save(run)
    publish(SagaStuck(run_id=run.pk, saga=run.saga, subject=run.subject, step=run.step, why=why[:500]))
    log.error("%s needs an operator at “%s”: %s", run, run.step, why)


def keep_waiting(run: Run, look_every: dt.timedelta, at_most: dt.timedelta) -> None:
    """Wait from now on, or go on waiting. One look is planned at a time, however often the run is woken."""
    if run.state != State.WAITING:
        note(run, What.WAITS)
        run.state, run.waits_until = State.WAITING, now() + at_most
    if run.due_at is None or run.due_at <= now():
        run.due_at = now() + look_every
        call(run, after=look_every)
    _save(run)


def resume(run: Run, what: Happening.What, reason: str, actor_name: str) -> None:
    """An operator has the present step tried again."""
    note(run, what, reason, actor_name)
    go_to(run, run.step)
    call(run)


def note(
    run: Run, what: Happening.What, detail: str = "", actor_name: str = "", *, using: str | None = None
) -> None:
    Happening.objects.using(using).create(
        run_id=run.pk,
        at=now(),
        what=what,
        step="" if what in (What.BEGAN, What.ENDED) else run.step,
        direction=run.direction,
        attempt=run.attempts,
        detail=detail[:2000],
        actor_name=actor_name,
    )


def _named(result: Any) -> str:
    if isinstance(result, list):
        return ", ".join(str(each) for each in result if each is not None)
    return str(result if result is not None else "")


def _end(run: Run) -> None:
    forth = run.direction == Direction.FORTH
    run.state, run.progress = (State.DONE, 100) if forth else (State.COMPENSATED, 0)
    run.ended_at = now()
    note(run, What.ENDED, run.get_state_display())
    _save(run)


def _save(run: Run) -> None:
    run.moved_at = now()
    run.save()
