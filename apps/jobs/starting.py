"""The start of a job, in the transaction of the command that requests it."""

from __future__ import annotations

from typing import Any

from django.db import connection

from apps.kernel.actors import acting
from apps.kernel.clock import now
from apps.kernel.correlation import correlation_id
from apps.kernel.queues.hints import HintedTask

from .declaration import Job
from .errors import TooManyJobs
from .models import Run

MAX_UNFINISHED = 50
"""Of a tenant, and of the platform."""
TASK = "jobs.run"


def start(job: type[Job], **parameters: Any) -> Run:
    """A worker begins it after the commit, for the actor of the current command. `parameters` are JSON values.

    Raises TooManyJobs."""
    actor = acting()
    if actor is None or not connection.in_atomic_block:
        raise RuntimeError(f"{job.name} must start inside the transaction of its command.")
    count = Run.objects.unfinished().count()
    if count >= MAX_UNFINISHED:
        raise TooManyJobs(count=count, limit=MAX_UNFINISHED)
    run = Run(
        job=job.name,
        parameters=parameters,
        correlation_id=correlation_id() or "",
        created_at=now(),
        next_at=now(),
        **Run.fields_of(actor),
    )
    run.save()
    hinted(job).hint_after_commit(run.pk)
    return run


def hinted(job: type[Job]) -> HintedTask:
    return HintedTask(TASK, queue=job.queue)
