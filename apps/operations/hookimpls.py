"""What operations has the operators alerted of: tenants that are kept worse than was promised."""

from __future__ import annotations

from collections.abc import Iterator

from apps.notices.hooks import Alert, alert
from apps.tenancy.transfer import objectives

MOST = 10
"""Tenants that are named."""


@alert
def backups_that_are_missing() -> Iterator[Alert]:
    """One for all tenants: where many are late, one thing is wrong."""
    late = [status for status in objectives.statuses() if status.is_late]
    if late:
        yield Alert(
            name="backups:late",
            subject=f"{_many(late)} backed up too long ago",
            text=f"They would lose more than was promised: {_named(late)}.",
        )


@alert
def backups_that_fail() -> Iterator[Alert]:
    failed = [status for status in objectives.statuses() if status.failed]
    if failed:
        yield Alert(
            name="backups:failed",
            subject=f"{_many(failed)} not backed up",
            text=f"The last try failed: {_named(failed)}. The first error: {failed[0].failed.error[:500]}",  # type: ignore[union-attr]
        )


@alert
def restores_that_take_long() -> Iterator[Alert]:
    slow = [status for status in objectives.statuses() if status.is_slow]
    if slow:
        yield Alert(
            name="backups:slow",
            subject=f"{_many(slow)} restored too slowly",
            text=f"When they were tried last it took longer than was promised: {_named(slow)}.",
        )


@alert
def backups_that_cannot_be_restored() -> Iterator[Alert]:
    if last_error := objectives.failed_restore_drills():
        yield Alert(name="backups:drill", subject="Backups may not be restorable", text=last_error[:1000])


def _many(statuses: list[objectives.BackupStatus]) -> str:
    return "1 tenant is" if len(statuses) == 1 else f"{len(statuses)} tenants are"


def _named(statuses: list[objectives.BackupStatus]) -> str:
    more = f" and {len(statuses) - MOST} more" if len(statuses) > MOST else ""
    return ", ".join(status.tenant.slug for status in statuses[:MOST]) + more
