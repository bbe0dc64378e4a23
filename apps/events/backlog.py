"""Selects the deliveries to hint next, within a budget per tenant, so that no tenant starves the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

from django.db import connections, transaction
from django.db.models import Count, Q

from apps.kernel.clock import now
from apps.kernel.queues.hints import Hint

from .base import SUBSCRIBERS
from .hints import hint_of
from .models import Delivery

MAX_HINTS_PER_TENANT = 50
"""In one queue at a time."""
MAX_HINTS = 2_000
"""In one run."""
OrderingKey = tuple[str, int | None, str]
"""Subscriber, tenant and aggregate. Deliveries with the same key are handled in the order of their events."""


class HintBudget:
    """The remaining hints per tenant and queue."""

    def __init__(self, using: str) -> None:
        self.used: dict[tuple[int | None, str], int] = defaultdict(int)
        hinted = Delivery.objects.using(using).hinted().filter(subscriber__in=SUBSCRIBERS)
        for tenant_id, queue, count in hinted.values_list("tenant_id", "queue").annotate(count=Count("*")):
            self.used[tenant_id, queue] += count

    def reserve(self, tenant_id: int | None, queue: str) -> bool:
        key = (tenant_id, queue)
        if self.used[key] >= MAX_HINTS_PER_TENANT:
            return False
        self.used[key] += 1
        return True


_DUE = """
WITH RECURSIVE due AS NOT MATERIALIZED (
    SELECT id, coalesce(tenant_id, 0) AS tenant, tenant_id, subscriber, queue, aggregate, event_id, next_at
    FROM events_delivery
    WHERE status = 'pending' AND hinted_at IS NULL AND next_at IS NOT NULL
), streams AS (
    (SELECT tenant, subscriber, queue FROM due ORDER BY tenant, subscriber, queue LIMIT 1)
    UNION ALL
    SELECT following.* FROM streams, LATERAL (
        SELECT tenant, subscriber, queue FROM due
        WHERE (tenant, subscriber, queue) > (streams.tenant, streams.subscriber, streams.queue)
        ORDER BY tenant, subscriber, queue LIMIT 1
    ) AS following
)
SELECT first.id, first.tenant_id, first.subscriber, first.aggregate, first.queue, event.correlation_id
FROM streams
CROSS JOIN LATERAL (
    SELECT * FROM due
    WHERE tenant = streams.tenant AND subscriber = streams.subscriber AND queue = streams.queue AND next_at <= %(now)s
    ORDER BY event_id LIMIT %(per_stream)s
) AS first
JOIN events_outboxevent AS event ON event.id = first.event_id
WHERE streams.subscriber = ANY(%(enabled)s) AND streams.tenant <> ALL(%(inactive)s)
  AND NOT EXISTS (
    SELECT FROM events_breaker AS breaker
    WHERE breaker.subscriber = streams.subscriber AND breaker.queue = streams.queue
      AND coalesce(breaker.tenant_id, 0) = streams.tenant AND breaker.open_until > %(now)s
  )
LIMIT %(total)s
"""
"""The oldest deliveries of each stream: tenant, subscriber and queue. A loose index scan finds the streams without a
read of the whole backlog of a busy tenant."""


def due(
    enabled: Sequence[str], inactive_tenants: Sequence[int], using: str
) -> list[tuple[OrderingKey, Hint]]:
    """The deliveries to hint now with their ordering keys, of enabled subscribers and active tenants."""
    parameters: dict[str, Any] = {
        "now": now(),
        "per_stream": MAX_HINTS_PER_TENANT + 1,
        "enabled": list(enabled),
        "inactive": list(inactive_tenants),
        "total": MAX_HINTS,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_DUE, parameters)
        rows = cursor.fetchall()
    return [
        ((subscriber, tenant_id, aggregate), hint_of(pk, tenant_id, queue, correlation_id))
        for pk, tenant_id, subscriber, aggregate, queue, correlation_id in rows
    ]


def unclaimed(inactive_tenants: Sequence[int], using: str) -> list[Hint]:
    """Hints without a response within the timeout. Hints of an inactive tenant are repeated after its activation."""
    lost = Delivery.objects.using(using).hinted().filter(next_at__lte=now(), subscriber__in=SUBSCRIBERS)
    if inactive_tenants:
        lost = lost.filter(Q(tenant_id=None) | ~Q(tenant_id__in=inactive_tenants))
    rows = lost.order_by("event_id").values_list("id", "tenant_id", "queue", "event__correlation_id")
    return [hint_of(*row) for row in rows[:MAX_HINTS]]


_SCHEDULE_HEADS = """
UPDATE events_delivery AS head SET next_at = %s
WHERE status = 'pending' AND hinted_at IS NULL AND next_at IS NULL AND NOT EXISTS (
    SELECT FROM events_delivery AS earlier
    WHERE earlier.status IN ('pending', 'dead') AND earlier.subscriber = head.subscriber
      AND earlier.tenant_id IS NOT DISTINCT FROM head.tenant_id
      AND earlier.aggregate = head.aggregate AND earlier.event_id < head.event_id
)
"""


def schedule_heads(using: str) -> None:
    """Schedules the heads whose predecessor was handled by a worker that was killed before it sent the next hint."""
    with connections[using].cursor() as cursor:
        cursor.execute(_SCHEDULE_HEADS, [now()])


def mark(hints: Sequence[Hint], until: dt.datetime, using: str) -> list[Hint]:
    """Marks the deliveries as hinted, without those that another relay is hinting now."""
    with transaction.atomic(using=using):
        open_ = Delivery.objects.using(using).open().filter(pk__in=[hint.pk for hint in hints])
        locked = set(
            open_.filter(next_at__lte=now()).select_for_update(skip_locked=True).values_list("pk", flat=True)
        )
        Delivery.objects.using(using).filter(pk__in=locked).update(hinted_at=now(), next_at=until)
    return [hint for hint in hints if hint.pk in locked]


def interleave_tenants(hints: Iterable[Hint]) -> list[Hint]:
    """The hints of all tenants, round robin."""
    by_tenant: dict[int | None, list[Hint]] = defaultdict(list)
    for hint in hints:
        by_tenant[hint.tenant_id].append(hint)
    slices: Iterator[tuple[Hint | None, ...]] = zip_longest(*by_tenant.values())
    return [hint for hint in chain.from_iterable(slices) if hint]
