"""Alerts to operators: backups that violate their backups."""

from __future__ import annotations

from collections.abc import Iterator

from apps.backups import queries as backups
from apps.backups.queries import BackupStatus
from apps.notices.hooks import Alert, alert

MAX_TENANTS_LISTED = 10


@alert
def late_backups() -> Iterator[Alert]:
    """One alert for all tenants: many late backups have one cause."""
    late = [status for status in backups.statuses() if status.is_late]
    if late:
        yield Alert(
            name="backups:late",
            subject=f"{_many(late)} without a recent backup",
            text=f"Their data loss would exceed the recovery point objective: {_named(late)}.",
        )


@alert
def failed_backups() -> Iterator[Alert]:
    failed = [status for status in backups.statuses() if status.failed]
    errors = [status.failed.error for status in failed if status.failed]
    if failed:
        yield Alert(
            name="backups:failed",
            subject=f"{_many(failed)} not backed up",
            text=f"The last attempt failed: {_named(failed)}. The first error: {errors[0][:500]}",
        )


@alert
def slow_restores() -> Iterator[Alert]:
    slow = [status for status in backups.statuses() if status.is_slow]
    if slow:
        yield Alert(
            name="backups:slow",
            subject=f"{_many(slow)} restored too slowly",
            text=f"The last restore drill exceeded the recovery time objective: {_named(slow)}.",
        )


@alert
def failed_restore_drills() -> Iterator[Alert]:
    if last_error := backups.failed_restore_drills():
        yield Alert(name="backups:drill", subject="Backups may not be restorable", text=last_error[:1000])


def _many(statuses: list[BackupStatus]) -> str:
    return "1 tenant is" if len(statuses) == 1 else f"{len(statuses)} tenants are"


def _named(statuses: list[BackupStatus]) -> str:
    more = f" and {len(statuses) - MAX_TENANTS_LISTED} more" if len(statuses) > MAX_TENANTS_LISTED else ""
    return ", ".join(status.tenant.slug for status in statuses[:MAX_TENANTS_LISTED]) + more
