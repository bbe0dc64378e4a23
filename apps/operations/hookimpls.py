"""Alerts to operators: backups that are late, failed, slow to restore or without a restore drill."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from apps.backups import queries as backups
from apps.backups.queries import BackupStatus
from apps.kernel.listing import listed
from apps.notices.hooks import Alert, alert

MAX_TENANTS_LISTED = 10


@alert
def late_backups() -> Iterator[Alert]:
    """One alert for all tenants: many late backups have one cause."""
    late = [status for status in backups.statuses() if status.is_late]
    if late:
        yield Alert(
            name="backups:late",
            subject=ngettext(
                "{count} tenant is without a recent backup",
                "{count} tenants are without a recent backup",
                len(late),
            ).format(count=len(late)),
            text=gettext("Their data loss would exceed the recovery point objective: {tenants}.").format(
                tenants=_named(late)
            ),
        )


@alert
def failed_backups() -> Iterator[Alert]:
    failed = [status for status in backups.statuses() if status.failed]
    errors = [status.failed.last_error for status in failed if status.failed]
    if failed:
        yield Alert(
            name="backups:failed",
            subject=ngettext(
                "{count} tenant is not backed up", "{count} tenants are not backed up", len(failed)
            ).format(count=len(failed)),
            text=gettext("The last attempt failed: {tenants}. The first error: {error}").format(
                tenants=_named(failed), error=errors[0][:500]
            ),
        )


@alert
def slow_restores() -> Iterator[Alert]:
    slow = [status for status in backups.statuses() if status.is_slow]
    if slow:
        yield Alert(
            name="backups:slow",
            subject=ngettext(
                "{count} tenant is restored too slowly", "{count} tenants are restored too slowly", len(slow)
            ).format(count=len(slow)),
            text=gettext("The last restore drill exceeded the recovery time objective: {tenants}.").format(
                tenants=_named(slow)
            ),
        )


@alert
def failed_restore_drills() -> Iterator[Alert]:
    if last_error := backups.failed_restore_drills():
        yield Alert(
            name="backups:drill", subject=gettext("Backups may not be restorable"), text=last_error[:1000]
        )


def _named(statuses: list[BackupStatus]) -> str:
    return listed([status.tenant.slug for status in statuses], MAX_TENANTS_LISTED)
