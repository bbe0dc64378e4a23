"""The commands of jobs. A job is started by a command of the app that declares it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command

MANAGE_PERMISSION = "jobs.manage_jobs"


@dataclass(frozen=True, kw_only=True)
class CancelJob(Command):
    """Cancel a job. A step in progress is completed, and none follows; its files are removed."""

    permission = MANAGE_PERMISSION
    audit_message = gettext_noop("cancelled {result}: {reason}")

    job_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetryJob(Command):
    """Continue a failed job after its last completed step."""

    permission = MANAGE_PERMISSION
    audit_message = gettext_noop("retried {result}")

    job_id: int
