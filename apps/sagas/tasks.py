"""Scheduled tasks of sagas."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import DefaultTask

from . import scheduling, sweep


@every(seconds=300, base=DefaultTask, name="sagas.reschedule_stalled")
def reschedule_stalled() -> None:
    """Safety net for lost `saga.due` events."""
    scheduling.reschedule_stalled()


@every(seconds=3600, base=DefaultTask, name="sagas.sweep_waits")
def sweep_waits() -> None:
    """Safety net for lost wake-ups, and the end of timeouts."""
    sweep.sweep_waits()
