"""Scheduled tasks of the bus."""

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from .idempotency.keys import forget_expired


@every(seconds=3600, base=LowTask, name="bus.forget_expired_keys")
def forget_expired_keys() -> None:
    """Deletes keys after 30 days, except those of commands that moved money."""
    forget_expired()
