"""The hints: "look at this endpoint", "look at this message". They are sent by name (hints.py)."""

from __future__ import annotations

from celery import shared_task

from apps.kernel.queues import BillingTask
from apps.kernel.tenant import activate
from apps.tenancy.queries import active_tenants

from . import hints, queries, receiving, sending


@shared_task(base=BillingTask, name=hints.SEND)
def send(endpoint_id: int) -> None:
    """What is left when its time is over goes to the end of the queue, so that others have their turn."""
    if sending.send_due(endpoint_id):
        hints.now(hints.SEND, endpoint_id)


@shared_task(base=BillingTask, name=hints.PROCESS)
def process(received_id: int) -> None:
    receiving.process(received_id)


@shared_task(base=BillingTask, name="webhooks.sweep", platform=True)
def sweep() -> None:
    """Beat's net, and the alarm clock of what waits: hint at everything that is due, at the platform and each
    tenant."""
    look()
    for tenant in active_tenants():
        with activate(tenant):
            look()


def look() -> None:
    """In the current tenant."""
    for endpoint_id in queries.endpoints_with_due_messages():
        hints.now(hints.SEND, endpoint_id)
    for received_id in queries.received_and_due():
        hints.now(hints.PROCESS, received_id)
