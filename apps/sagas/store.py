"""The store of runs: their rows, and the log of each run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.kernel.actors import acting, actor_label
from apps.kernel.clock import now
from apps.kernel.plain import to_plain

from .declaration import Saga
from .models import LogEntry, Run

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


def stalled() -> Sequence[Run]:
    """Runs that no event has advanced for long. Runs that wait are looked at by the sweep."""
    long_ago = now() - STALLED_AFTER
    is_due = Q(next_at=None) | Q(next_at__lt=long_ago)
    runs = Run.objects.executable().exclude(state=Run.State.WAITING)
    return list(runs.filter(is_due, moved_at__lt=long_ago))


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
