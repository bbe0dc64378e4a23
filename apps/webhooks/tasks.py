"""The tasks of hints, and scheduled tasks."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from apps.kernel.clock import now
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import BillingTask, LowTask

from . import messages, purging, queries, receiving, sending


@shared_task(base=BillingTask, name=messages.SEND.name)
def send(endpoint_id: int) -> None:
    """Sends for a limited time; the rest gets a new hint at the end of the queue."""
    if sending.send_due(endpoint_id):
        messages.SEND.hint(endpoint_id)


@shared_task(base=BillingTask, name=receiving.PROCESS.name)
def process(received_id: int) -> None:
    receiving.process(received_id)


@every(seconds=10, base=BillingTask, name="webhooks.sweep")
def sweep() -> None:
    """Hints all due messages: retries and lost hints."""
    messages.SEND.hint(*queries.endpoints_with_due_messages())
    receiving.PROCESS.hint(*queries.due_received())


@every(seconds=86_400, base=LowTask, name="webhooks.purge")
def purge() -> None:
    """Deletes settled messages after the retention period."""
    cutoff = now() - settings.WEBHOOK_RETENTION
    purging.purge_received(before=cutoff)
    purging.purge_sent(before=cutoff)
