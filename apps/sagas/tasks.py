"""Scheduled tasks of sagas."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask

from . import scheduling


@every(seconds=300, base=DefaultTask, name="sagas.reschedule_stalled")
def reschedule_stalled() -> None:
    """Safety net for lost `saga.due` events."""
    scheduling.reschedule_stalled()
