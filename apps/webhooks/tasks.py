"""The hints: "look at this endpoint", "look at this message". They are sent by name (hints.py)."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from apps.kernel.clock import now
from apps.kernel.periodic import every
from apps.kernel.queues import BillingTask, LowTask

from . import hints, purging, queries, receiving, sending


@shared_task(base=BillingTask, name=hints.SEND)
def send(endpoint_id: int) -> None:
    """What is left when its time is over goes to the end of the queue, so that others have their turn."""
    if sending.send_due(endpoint_id):
        hints.now(hints.SEND, endpoint_id)


@shared_task(base=BillingTask, name=hints.PROCESS)
def process(received_id: int) -> None:
    receiving.process(received_id)


@every(seconds=10, base=BillingTask, name="webhooks.sweep")
def sweep() -> None:
    """The net under the hints, and the alert clock of what waits: hint at everything that is due."""
    for endpoint_id in queries.endpoints_with_due_messages():
        hints.now(hints.SEND, endpoint_id)
    for received_id in queries.received_and_due():
        hints.now(hints.PROCESS, received_id)


@every(seconds=86_400, base=LowTask, name="webhooks.purge")
def purge() -> None:
    """What other systems said or were told long ago, of which nothing is left to be done."""
    over = now() - settings.WEBHOOK_RETENTION
    purging.purge_received(before=over)
    purging.purge_sent(before=over)
