"""Scheduled tasks."""

from __future__ import annotations

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask, LowTask
from apps.kernel.tenant import current_tenant

from . import counting, running, trials


@every(seconds=300, base=LowTask, name="operations.count", where="tenants")
def count() -> None:
    if tenant := current_tenant():
        counting.count(tenant)


@every(seconds=3600, base=DefaultTask, name="operations.erase_due_tenants", where="platform")
def erase_due_tenants() -> None:
    """Resumes erasures whose grace period is over."""
    running.resume_due_erasures()


@every(seconds=3600, base=DefaultTask, name="operations.end_trials", where="platform")
def end_trials() -> None:
    trials.end_expired()
