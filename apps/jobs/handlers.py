"""The handlers of the commands of jobs."""

from __future__ import annotations

from django.db import transaction

from apps.bus import handles
from apps.kernel.reasons import reason_must_be_given

from . import results, rules
from .commands import CancelJob, RetryJob
from .declaration import job_named
from .errors import ReasonMissing
from .models import Run
from .starting import hinted


@handles(CancelJob)
def cancel_job(command: CancelJob) -> Run:
    reason_must_be_given(command.reason, ReasonMissing)
    run = rules.run_must_be_unfinished(command.job_id)

    run.finish(Run.State.CANCELLED, run.last_error)
    run.save()
    transaction.on_commit(lambda: results.remove_parts(run), robust=True)
    return run


@handles(RetryJob)
def retry_job(command: RetryJob) -> Run:
    run = rules.run_must_be_failed(command.job_id)
    job = job_named(run.job)

    run.requeue()
    run.save()
    hinted(job).hint_after_commit(run.pk)
    return run
