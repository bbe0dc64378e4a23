"""The task of hints, and scheduled tasks."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AnyQueueTask, DefaultTask, LowTask
from apps.kernel.tenant import at_database

from .deliveries import deliver_on_hint
from .hints import DELIVER
from .purging import purge
from .relay import sweep


@shared_task(base=AnyQueueTask, name=DELIVER)
def deliver(delivery_id: int) -> None:
    """In the queue of the delivery."""
    deliver_on_hint(delivery_id)


@shared_task(base=DefaultTask, name="events.sweep", platform=True)
def sweep_deliveries() -> None:
    """Repeats lost hints, in addition to the relay."""
    for key in databases.known():
        with databases.skip_if_unreachable(key), at_database(key):
            sweep(using="default")


@every(seconds=3600, base=LowTask, name="events.purge", where="platform")
def purge_events() -> None:
    """Deletes settled events after the retention period."""
    for key in databases.known():
        with databases.skip_if_unreachable(key), at_database(key):
            purge(before=now() - settings.EVENT_RETENTION)
