"""Scheduled tasks of periods."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask

from . import extension


@every(seconds=6 * 3600, base=DefaultTask, name="periods.extend_calendar", where="tenants")
def extend_calendar() -> None:
    """Adds the next fiscal year in time, or sends a notice that it is missing."""
    extension.extend_or_announce()
