"""Tasks of jobs: a slice of one, on a hint or by the sweep, and the removal of old files."""

from __future__ import annotations

from celery import shared_task

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AnyQueueTask, LowTask

from . import queries, results, running
from .declaration import JOBS
from .starting import TASK, hinted


@shared_task(base=AnyQueueTask, name=TASK)
def run(run_id: int) -> None:
    """Then the job that is due first is hinted: this one, or one that waited for a free place."""
    running.run_slice(run_id)
    hint_due(limit=1)


@every(seconds=60, base=LowTask, name="jobs.sweep")
def sweep() -> None:
    """Hints every job without a worker: its hint was lost, its worker was killed, or its retry is due."""
    hint_due(limit=20)


@every(seconds=24 * 3600, base=LowTask, name="jobs.purge")
def purge() -> None:
    results.purge()


def hint_due(limit: int) -> None:
    for waiting in queries.due(limit):
        if waiting.job in JOBS:
            hinted(JOBS[waiting.job]).hint(waiting.pk)
