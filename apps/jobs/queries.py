"""Reads of jobs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .declaration import JOBS
from .models import Run, RunQuerySet


def runs(state: str = "") -> RunQuerySet:
    """Newest first."""
    newest_first = Run.objects.order_by("-id")
    return newest_first.filter(state=state) if state else newest_first


def title_of(run: Run) -> str:
    """The name, for a job that the running version does not declare."""
    return str(JOBS[run.job].title) if run.job in JOBS else run.job


def run_with_id(job_id: int) -> Run | None:
    return Run.objects.filter(pk=job_id).first()


def due(limit: int = 20) -> Iterable[Run]:
    """Unfinished jobs without a worker, those that are due first in front."""
    return Run.objects.unfinished().due().order_by("next_at", "pk")[:limit]


def unfinished() -> int:
    return Run.objects.unfinished().count()


def may_read_result(user: Any, run: Run) -> bool:
    """Whether the user has the permission of the job."""
    job = JOBS.get(run.job)
    return bool(job and user.has_perm(job.permission))
