"""Hearing again, and giving up on purpose. Whoever decides that asks in `monitoring`; here is how it is done."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from apps.kernel.clock import now

from .base import wake_relay
from .models import Delivery


def replay_deliveries(deliveries: QuerySet[Delivery]) -> int:
    """They are pending as if nobody had tried. What waits behind them is heard after them."""
    count = deliveries.exclude(status=Delivery.Status.PENDING).update(
        status=Delivery.Status.PENDING, attempts=0, next_at=now(), hinted_at=None, done_at=None
    )
    _wake(deliveries.db)
    return count


_ALSO_NEW = """
INSERT INTO events_delivery (tenant_id, event_id, subscriber, aggregate, status, attempts, next_at, last_error)
SELECT tenant_id, id, %(subscriber)s, aggregate, 'pending', 0, greatest(due_at, %(now)s), ''
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
    """The subscriber hears these events, also those that were told before it was there."""
    told = Delivery.objects.using(using).filter(
        subscriber=subscriber, event__name=name, event__occurred_at__gte=since
    )
    if tenant_id is not None:
        told = told.filter(tenant_id=tenant_id)
    heard = replay_deliveries(told)
    given: dict[str, Any] = {
        "name": name,
        "since": since,
        "subscriber": subscriber,
        "tenant": tenant_id,
        "now": now(),
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_ALSO_NEW, given)
        return heard + int(cursor.rowcount)


def drop(delivery: Delivery) -> None:
    """It will not be heard, and no longer holds up what waits behind it."""
    using = delivery._state.db or DEFAULT_DB_ALIAS
    delivery.status, delivery.done_at, delivery.hinted_at = Delivery.Status.DROPPED, now(), None
    delivery.save(using=using, update_fields=["status", "done_at", "hinted_at"])
    behind = Delivery.objects.using(using).unsettled().beside(delivery).order_by("event_id").first()
    if behind:
        Delivery.objects.using(using).open().filter(pk=behind.pk, next_at=None).update(next_at=now())
    _wake(using)


def _wake(using: str) -> None:
    """The relay of another database looks by itself within a second."""
    if using == DEFAULT_DB_ALIAS:
        wake_relay()
