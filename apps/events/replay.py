"""Replays and drops deliveries, for the commands of `monitoring`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from apps.kernel.clock import now

from .base import SUBSCRIBERS
from .models import Delivery
from .publishing import notify_relay


def replay_deliveries(deliveries: QuerySet[Delivery]) -> int:
    """Resets settled deliveries to pending, without attempts. Returns their number."""
    count = deliveries.exclude(status=Delivery.Status.PENDING).update(
        status=Delivery.Status.PENDING, attempts=0, next_at=now(), hinted_at=None, finished_at=None
    )
    _notify_relay(deliveries.db)
    return count


_INSERT_MISSING = """
INSERT INTO events_delivery (tenant_id, event_id, subscriber, queue, aggregate, status, attempts, next_at,
    last_error)
SELECT tenant_id, id, %(subscriber)s, coalesce(nullif(queue, ''), %(queue)s), aggregate, 'pending', 0,
    greatest(due_at, %(now)s), ''
FROM events_outboxevent
WHERE name = %(name)s AND occurred_at >= %(since)s AND routed_at IS NOT NULL
  AND (%(tenant)s::bigint IS NULL OR tenant_id = %(tenant)s)
ON CONFLICT (event_id, subscriber) DO NOTHING
"""


def replay_events(
    name: str,
    *,
    since: dt.datetime,
    subscriber: str,
    tenant_id: int | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> int:
    """Delivers past events again, including events from before the subscriber existed. Returns the number of
    deliveries."""
    existing = Delivery.objects.using(using).filter(
        subscriber=subscriber, event__name=name, event__occurred_at__gte=since
    )
    if tenant_id is not None:
        existing = existing.filter(tenant_id=tenant_id)
    replayed = replay_deliveries(existing)
    parameters: dict[str, Any] = {
        "name": name,
        "since": since,
        "subscriber": subscriber,
        "queue": SUBSCRIBERS[subscriber].queue if subscriber in SUBSCRIBERS else "default",
        "tenant": tenant_id,
        "now": now(),
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_INSERT_MISSING, parameters)
        return replayed + int(cursor.rowcount)


def drop(delivery: Delivery) -> None:
    """Gives up a delivery and unblocks the deliveries behind it."""
    using = delivery._state.db or DEFAULT_DB_ALIAS
    delivery.status, delivery.finished_at, delivery.hinted_at = Delivery.Status.DROPPED, now(), None
    delivery.save(using=using, update_fields=["status", "finished_at", "hinted_at"])
    behind = (
        Delivery.objects.using(using)
        .unsettled()
        .with_same_ordering_key(delivery)
        .order_by("event_id")
        .first()
    )
    if behind:
        Delivery.objects.using(using).open().filter(pk=behind.pk, next_at=None).update(next_at=now())
    _notify_relay(using)


def _notify_relay(using: str) -> None:
    """Only for the home database: the relay of another database polls within a second."""
    if using == DEFAULT_DB_ALIAS:
        notify_relay()
