"""Execution of a job by workers: claim it, do its steps, each in one transaction with the cursor, and release it.

A claim counts the attempt, raises the number of claims and leases the run. A step locks the row and must find this
number unchanged, so a worker that lost its lease does nothing more; and a step in progress holds the lock, so it is
never done twice, however long it takes.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import connection, transaction

from apps.bus.errors import PermissionDenied
from apps.events import publish
from apps.kernel.actors import acting_as
from apps.kernel.clock import now
from apps.kernel.correlation import correlated
from apps.kernel.db import retries
from apps.kernel.db.locks import Lock
from apps.kernel.db.retries import Backoff
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, Unavailable, sentence_of

from . import results
from .declaration import Job, Step, job_named
from .events import JobFinished
from .models import Run

LEASE_DURATION = dt.timedelta(seconds=60)
"""Renewed by each step."""
SLICE_S = 20.0
"""Of one task. The rest is behind the other jobs in the queue, those of other tenants included."""
MAX_IN_PROGRESS = 2
"""Of one tenant at a time."""
BACKOFF = Backoff(tuple(dt.timedelta(seconds=seconds) for seconds in (10, 60, 300, 1800)))
CLAIMS = Lock("{schema}:jobs")
log = logging.getLogger(__name__)


def run_slice(run_id: int, timeout_s: float = SLICE_S) -> bool:
    """Does steps of the run in the current tenant. True if the timeout ended the loop: there are more."""
    claimed = claim(run_id)
    if claimed is None:
        return False
    with correlated(claimed.correlation_id or None, causation=claimed.key):
        has_more = retries.repeat(lambda: do_step(claimed), timeout_s=timeout_s)
        if has_more:
            release(claimed)
    return has_more


def claim(run_id: int) -> Run | None:
    """None while the run is not due, another worker has its lease, or the tenant has MAX_IN_PROGRESS others."""
    with unit_of_work():
        with connection.cursor() as cursor:
            CLAIMS.key().hold(cursor)
        if Run.objects.in_progress().count() >= MAX_IN_PROGRESS:
            return None
        run = retries.claim(Run.objects.unfinished().due().filter(pk=run_id))
        if run is None:
            return None
        if run.is_exhausted(BACKOFF):
            _finish(run, Run.State.FAILED, run.last_error or retries.WORKER_LOST)
            return None
        run.state = Run.State.RUNNING
        run.claims += 1
        run.count_attempt(BACKOFF, lease=LEASE_DURATION)
        run.save()
        return run


def do_step(claimed: Run) -> bool:
    """One step of the run. False when it has ended, was cancelled or claimed by another worker, or must be retried."""
    try:
        with unit_of_work():
            run = locked_as_claimed(claimed)
            if run is None:
                return False
            _advance(run)
    except Exception as error:
        _record_failure(claimed, error)
        return False
    return run.finished_at is None


def release(claimed: Run) -> None:
    with unit_of_work():
        if run := locked_as_claimed(claimed):
            run.attempts, run.next_at, run.leased_until = 0, now(), None
            run.save()


def locked_as_claimed(claimed: Run) -> Run | None:
    """The run, locked until the end of the transaction; None when it ended or was claimed again."""
    runs = Run.objects.unfinished().filter(pk=claimed.pk, claims=claimed.claims)
    return runs.select_for_update(no_key=True).first()


def _advance(run: Run) -> None:
    shape = job_named(run.job)
    with run.sender() as actor, acting_as(actor):
        if not actor.has_perm(shape.permission):
            raise PermissionDenied(actor=actor, title=str(shape.title).lower(), permission=shape.permission)
        job = shape(run, actor)
        if not run.stage:
            _begin(job, next(iter(shape.stages)))
        step = job.step(run.stage, run.cursor)
        _continue(job, step)
    run.attempts, run.last_error = 0, ""
    if run.finished_at is None:
        run.next_at, run.leased_until = now(), now() + LEASE_DURATION
    run.save()


def _begin(job: Job, stage: str) -> None:
    job.run.begin_stage(stage, job.total(stage))


def _continue(job: Job, step: Step) -> None:
    run, stages = job.run, [*job.stages]
    run.items_done, run.cursor = run.items_done + step.done, step.cursor
    if step.cursor is not None:
        return
    following = stages[stages.index(run.stage) + 1 :]
    if following:
        _begin(job, following[0])
    else:
        _finish(run, Run.State.DONE)


def _record_failure(claimed: Run, error: Exception) -> None:
    """A refusal is final, and everything else is retried after a while."""
    is_final = isinstance(error, Refusal) and not isinstance(error, Unavailable)
    text = sentence_of(error)
    log.log(logging.WARNING if is_final else logging.ERROR, "%s: %s", claimed, text, exc_info=not is_final)
    with unit_of_work():
        run = locked_as_claimed(claimed)
        if run is None:
            return
        next_at = None if is_final else BACKOFF.next_at(run.attempts)
        if next_at is None:
            _finish(run, Run.State.FAILED, text)
        else:
            run.retry_at(next_at, text)
            run.save()


def _finish(run: Run, state: Run.State, error: str = "") -> None:
    run.finish(state, error)
    run.save()
    publish(
        JobFinished(
            job_id=run.pk,
            job=run.job,
            state=state,
            actor_id=run.actor_id,
            seconds=round((now() - run.created_at).total_seconds()),
            error=run.last_error,
        )
    )
    if state == Run.State.DONE:
        transaction.on_commit(lambda: results.remove_parts(run), robust=True)
