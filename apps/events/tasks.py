"""The tasks of hints, one per queue, and scheduled tasks. Hints are sent by task name (`hints.py`)."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AuditTask, BillingTask, DefaultTask, FinancialTask, LowTask
from apps.kernel.tenant import at_database

from .deliveries import deliver_on_hint
from .purging import purge
from .relay import sweep


@shared_task(base=FinancialTask, name="events.deliver_financial")
def deliver_financial(delivery_id: int) -> None:
    deliver_on_hint(delivery_id)


@shared_task(base=DefaultTask, name="events.deliver_default")
def deliver_default(delivery_id: int) -> None:
    deliver_on_hint(delivery_id)


@shared_task(base=BillingTask, name="events.deliver_billing")
def deliver_billing(delivery_id: int) -> None:
    deliver_on_hint(delivery_id)


@shared_task(base=AuditTask, name="events.deliver_audit")
def deliver_audit(delivery_id: int) -> None:
    deliver_on_hint(delivery_id)


@shared_task(base=LowTask, name="events.deliver_low")
def deliver_low(delivery_id: int) -> None:
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
