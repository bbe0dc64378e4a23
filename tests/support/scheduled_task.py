"""A scheduled task, known only to workers that include this module."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AuditTask


@every(seconds=5, base=AuditTask, name="tests.scheduled")
def run_scheduled() -> None:
    """Does nothing: tests count the messages only."""
