"""Tasks that send notices (on a hint or by the sweep), check alerts, and purge old notices."""

from __future__ import annotations

from celery import shared_task

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from . import alerts, deliveries, purging, queries, sending


@shared_task(base=LowTask, name=deliveries.SEND.name)
def send(notice_id: int) -> None:
    """The deliveries left after the timeout go to the end of the queue."""
    if sending.send_due(notice_id):
        deliveries.SEND.hint(notice_id)


@every(seconds=60, base=LowTask, name="notices.sweep")
def sweep() -> None:
    """Send a hint for every notice with due deliveries."""
    deliveries.SEND.hint(*queries.notices_with_due_deliveries())


@every(seconds=60, base=LowTask, name="notices.check_alerts", where="platform")
def check_alerts() -> None:
    alerts.check_alerts()


@every(seconds=24 * 3600, base=LowTask, name="notices.purge")
def purge() -> None:
    purging.purge()
