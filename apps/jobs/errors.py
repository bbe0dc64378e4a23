"""The refusals of jobs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, NotFound, Unavailable
from apps.kernel.reasons import ReasonRequired


class JobUnknown(Unavailable):
    """A newer version may declare it, as in a rolling update."""

    message = _("The running version has no job {job}.")


class JobNotFound(NotFound):
    message = _("There is no job {job_id}.")


class JobFinished(Conflict):
    message = _("{job} is finished already: {state}.")


class JobNotFailed(Conflict):
    message = _("{job} cannot be retried: only failed jobs can, within {days} days.")


class TooManyJobs(Conflict):
    message = _("There are {count} unfinished jobs, and {limit} are allowed. Wait for some, or cancel them.")
    retry_after = 60


class ResultNotAvailable(NotFound):
    message = _("{job} has no result, or not any more: results are retained for {days} days.")


class ReasonMissing(ReasonRequired):
    """For the cancellation of a job."""


class JobFixed(Conflict):
    """What was requested never changes."""

    message = _("A job is stored once, and ends once.")
    enforced_by = ("BJ001",)
