"""The store of runs: their rows, locked and versioned, and the log of each run.

A claim raises the version of a run. A transition must find this version unchanged, so of two executors the later claim
wins.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.kernel.actors import acting, actor_label
from apps.kernel.clock import now
from apps.kernel.db import retries
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.plain import from_plain, to_plain

from .declaration import Saga
from .models import LogEntry, Run

RUN = Lock("saga:{run}")
STALLED_AFTER = dt.timedelta(minutes=10)


def get_or_create(saga: Saga, data: Any, *, subject: str, correlation_id: str) -> tuple[Run, bool]:
    """The run of the subject in progress or, where the saga does not repeat, the ended one; otherwise a new run."""
    return Run.objects.get_or_create(
        saga=saga.name,
        subject=subject,
        run_number=_run_number(saga, subject),
        defaults={
            "step": saga.names[0],
            "data": to_plain(data),
            "deadline_at": now() + saga.deadline,
            "actor_name": actor_label(acting() or "the platform")[:200],
            "correlation_id": correlation_id,
            "begun_at": now(),
            "moved_at": now(),
        },
    )


def _run_number(saga: Saga, subject: str) -> int:
    last = Run.objects.filter(saga=saga.name, subject=subject).order_by("run_number").last()
    if last is None:
        return 1
    return last.run_number + 1 if saga.repeats and last.finished_at else last.run_number


def data_of(run: Run, saga: Saga) -> Any:
    return from_plain(saga.data, run.data)


def locked(run_id: int) -> Run | None:
    """The run in progress, locked until the end of the transaction. A lock of another executor is awaited: its step may
    have missed what this event is about."""
    return retries.claim(Run.objects.in_progress().filter(pk=run_id), waits=True)


def claim(run: Run) -> None:
    """Count the attempt and raise the version."""
    run.version += 1
    run.attempts += run.state != Run.State.WAITING
    run.stage = ""
    run.save(update_fields=["version", "attempts", "stage"])


def locked_as_claimed(claimed: Run) -> Run | None:
    """The run, locked again; None when another executor or an operator has claimed it since."""
    runs = Run.objects.in_progress().filter(pk=claimed.pk, version=claimed.version)
    return retries.claim(runs, waits=True)


@contextmanager
def execution_lock(run_id: int) -> Iterator[bool]:
    """Admits one executor at a time, for as long as an external step takes. Yields whether it is acquired."""
    with advisory_lock(RUN.key(run=run_id)) as is_acquired:
        yield is_acquired


def stalled() -> Sequence[Run]:
    """Runs that no event has advanced for long."""
    long_ago = now() - STALLED_AFTER
    is_due = Q(next_at=None) | Q(next_at__lt=long_ago)
    return list(Run.objects.executable().filter(is_due, moved_at__lt=long_ago))


def save(run: Run) -> None:
    run.moved_at = now()
    run.save()


def save_progress(run: Run, percent: int) -> None:
    """Save the progress of a platform run within a step, outside the transaction of the step."""
    if run.direction == Run.Direction.FORWARD:
        Run.objects.using("control").filter(pk=run.pk, version=run.version).update(progress=percent)


def begin_stage(run: Run, stage: str) -> None:
    """Save the stage at once, outside the transaction of the step, so that it is known after a crash."""
    with transaction.atomic(using="control"):
        if Run.objects.using("control").filter(pk=run.pk, version=run.version).update(stage=stage):
            write_log(run, LogEntry.Kind.STAGE, stage, using="control")


def write_log(
    run: Run, kind: LogEntry.Kind, detail: str = "", actor_name: str = "", *, using: str | None = None
) -> None:
    LogEntry.objects.using(using).create(
        run_id=run.pk,
        at=now(),
        kind=kind,
        step="" if kind in (LogEntry.Kind.BEGAN, LogEntry.Kind.ENDED) else run.step,
        direction=run.direction,
        attempt=run.attempts,
        detail=detail[:2000],
        actor_name=actor_name,
    )
