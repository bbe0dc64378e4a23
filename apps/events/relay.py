"""The relay: turns committed events into deliveries and hints the workers.

PostgreSQL is the truth. A Celery message only says "look": when one is lost, with the whole broker if need be,
the sweep says it again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from typing import Any

from celery import current_app
from django.db import connections, transaction
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.clock import now
from apps.kernel.queues import PLATFORM

from .base import SUBSCRIBERS
from .models import Delivery, OutboxEvent

BATCH = 200
PATIENCE = dt.timedelta(seconds=15)
"""How long a hint is given before the sweep repeats it, so that a backlog is not answered with more messages."""
log = logging.getLogger(__name__)


def route(*, using: str = "relay") -> int:
    """Give the next committed events to their listeners. Returns how many events were routed.

    Rows are picked by state, never by `id > last seen`, which loses what commits late; SKIP LOCKED lets
    several relays work side by side.
    """
    with transaction.atomic(using=using):
        events = list(
            OutboxEvent.objects.using(using)
            .filter(routed_at=None)
            .order_by("id")
            .select_for_update(skip_locked=True)[:BATCH]
        )
        deliveries = [delivery for event in events for delivery in _deliveries_of(event)]
        Delivery.objects.using(using).bulk_create(deliveries)
        OutboxEvent.objects.using(using).filter(id__in=[each.id for each in events]).update(routed_at=now())
    due = [each for each in deliveries if not each.event.due_at]
    hint(due, {each.id: each.correlation_id for each in events})
    return len(events)


def sweep(*, using: str = "relay") -> int:
    """Hint again what is due and has not been done. Returns how many hints were sent."""
    due = list(
        Delivery.objects.using(using)
        .open()
        .filter(next_at__lte=now(), subscriber__in=SUBSCRIBERS)
        .select_related("event")
        .order_by("event_id")[: 5 * BATCH]
    )
    hint(due, {each.event_id: each.event.correlation_id for each in due})
    again = Delivery.objects.using(using).open().filter(pk__in=[each.pk for each in due], next_at__lte=now())
    again.update(next_at=now() + PATIENCE)
    return len(due)


def hint(deliveries: Iterable[Delivery], correlation: dict[int, str]) -> None:
    """Best effort: a broker that is away costs time and loses nothing."""
    try:
        with current_app.producer_pool.acquire(block=True, timeout=5) as producer:
            for each in deliveries:
                _hint_one(producer, each, correlation.get(each.event_id, ""))
    except _broker_errors() as error:
        log.warning("Hints were not sent, the sweep will repeat them: %s", error)


def wait_for_news(seconds: float, *, using: str = "relay") -> None:
    """Sleep until somebody publishes, at most `seconds`."""
    connection = connections[using]
    connection.ensure_connection()
    for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
        return


def _deliveries_of(event: OutboxEvent) -> list[Delivery]:
    return [
        Delivery(
            tenant_id=event.tenant_id,
            event=event,
            subscriber=each.name,
            aggregate=event.aggregate,
            next_at=event.due_at or now() + PATIENCE,
        )
        for each in SUBSCRIBERS.values()
        if each.wants(event.name)
    ]


def _broker_errors() -> tuple[type[BaseException], ...]:
    return (OSError, BrokerAway, *current_app.connection_for_write().connection_errors)


def _hint_one(producer: Any, delivery: Delivery, correlation_id: str) -> None:
    queue = SUBSCRIBERS[delivery.subscriber].queue
    current_app.send_task(
        f"events.deliver_{queue}",
        args=(delivery.pk,),
        queue=queue,
        producer=producer,
        headers={"tenant": delivery.tenant_id or PLATFORM, "correlation_id": correlation_id},
    )
