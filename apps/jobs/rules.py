"""The rules of jobs."""

from __future__ import annotations

from apps.bus.errors import PermissionDenied
from apps.kernel.actors import acting

from .declaration import JOBS
from .errors import JobFinished, JobNotFailed, JobNotFound
from .models import RETENTION, Run


def run_must_be_unfinished(job_id: int) -> Run:
    """Locks the row, which waits for the step in progress."""
    run = _run_must_be_permitted(job_id)
    if run.finished_at is not None:
        raise JobFinished(job=run, state=str(run.get_state_display()).lower())
    return run


def run_must_be_failed(job_id: int) -> Run:
    """Locks the row. The parts of a job are retained for a while."""
    run = _run_must_be_permitted(job_id)
    if run.state != Run.State.FAILED or not run.is_retained:
        raise JobNotFailed(job=run, days=RETENTION.days)
    return run


def _run_must_be_permitted(job_id: int) -> Run:
    """Also requires the permission of the job itself."""
    run, actor = Run.objects.select_for_update(no_key=True).filter(pk=job_id).first(), acting()
    if run is None:
        raise JobNotFound(job_id=job_id)
    job = JOBS.get(run.job)
    if job and actor and not actor.has_perm(job.permission):
        raise PermissionDenied(actor=actor, title=str(job.title).lower(), permission=job.permission)
    return run
