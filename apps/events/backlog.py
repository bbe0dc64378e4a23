"""What waits to be hinted, and how much of it fits: no tenant gets far ahead of another."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from typing import Any

from django.db import connections, transaction
from django.db.models import Count, Q

from apps.kernel.clock import now

from .base import SUBSCRIBERS
from .hints import Hint
from .models import Delivery

MAX_HINTS_PER_TENANT = 50
"""Of one tenant, that one queue holds at a time."""
MAX_HINTS = 2_000
Line = tuple[str, int | None, str]


class Room:
    """How many more hints fit, by tenant and queue."""

    def __init__(self, using: str) -> None:
        self.taken: dict[tuple[int | None, str], int] = defaultdict(int)
        hinted = Delivery.objects.using(using).hinted().filter(subscriber__in=SUBSCRIBERS)
        for tenant_id, subscriber, count in hinted.values_list("tenant_id", "subscriber").annotate(
            count=Count("*")
        ):
            self.taken[tenant_id, SUBSCRIBERS[subscriber].queue] += count

    def take(self, tenant_id: int | None, subscriber: str) -> bool:
        place = (tenant_id, SUBSCRIBERS[subscriber].queue)
        if self.taken[place] >= MAX_HINTS_PER_TENANT:
            return False
        self.taken[place] += 1
        return True


_DUE = """
WITH RECURSIVE due AS NOT MATERIALIZED (
    SELECT id, coalesce(tenant_id, 0) AS tenant, tenant_id, subscriber, aggregate, event_id, next_at
    FROM events_delivery
    WHERE status = 'pending' AND hinted_at IS NULL AND next_at IS NOT NULL
), streams AS (
    (SELECT tenant, subscriber FROM due ORDER BY tenant, subscriber LIMIT 1)
    UNION ALL
    SELECT following.* FROM streams, LATERAL (
        SELECT tenant, subscriber FROM due
        WHERE (tenant, subscriber) > (streams.tenant, streams.subscriber)
        ORDER BY tenant, subscriber LIMIT 1
    ) AS following
)
SELECT first.id, first.tenant_id, first.subscriber, first.aggregate, event.correlation_id
FROM streams
CROSS JOIN LATERAL (
    SELECT * FROM due
    WHERE tenant = streams.tenant AND subscriber = streams.subscriber AND next_at <= %(now)s
    ORDER BY event_id LIMIT %(most)s
) AS first
JOIN events_outboxevent AS event ON event.id = first.event_id
WHERE streams.subscriber = ANY(%(on)s) AND streams.tenant <> ALL(%(asleep)s)
  AND NOT EXISTS (
    SELECT FROM events_breaker AS breaker
    WHERE breaker.subscriber = streams.subscriber AND coalesce(breaker.tenant_id, 0) = streams.tenant
      AND breaker.open_until > %(now)s
  )
LIMIT %(in_all)s
"""
"""The first few of each tenant and subscriber. It jumps from one to the next by index, so that what a tenant who
floods has waiting is not read to find the others."""


def due(on: Sequence[str], asleep: Sequence[int], using: str) -> list[tuple[Line, Hint]]:
    """What may be hinted now, of the subscribers that are on and the tenants that are not asleep, with the line in
    which it stands."""
    given: dict[str, Any] = {
        "now": now(),
        "most": MAX_HINTS_PER_TENANT + 1,
        "on": list(on),
        "asleep": list(asleep),
        "in_all": MAX_HINTS,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(_DUE, given)
        rows = cursor.fetchall()
    return [
        ((subscriber, tenant_id, aggregate), Hint(pk, tenant_id, subscriber, correlation_id))
        for pk, tenant_id, subscriber, aggregate, correlation_id in rows
    ]


def unanswered(asleep: Sequence[int], using: str) -> list[Hint]:
    """Hints that nobody took up in time. Those of a tenant that is asleep are said again when it is awake."""
    lost = Delivery.objects.using(using).hinted().filter(next_at__lte=now(), subscriber__in=SUBSCRIBERS)
    if asleep:
        lost = lost.filter(Q(tenant_id=None) | ~Q(tenant_id__in=asleep))
    rows = lost.order_by("event_id").values_list("id", "tenant_id", "subscriber", "event__correlation_id")
    return [Hint(*row) for row in rows[:MAX_HINTS]]


_WAKE = """
UPDATE events_delivery AS waiting SET next_at = %s
WHERE status = 'pending' AND hinted_at IS NULL AND next_at IS NULL AND NOT EXISTS (
    SELECT FROM events_delivery AS earlier
    WHERE earlier.status IN ('pending', 'dead') AND earlier.subscriber = waiting.subscriber
      AND earlier.tenant_id IS NOT DISTINCT FROM waiting.tenant_id
      AND earlier.aggregate = waiting.aggregate AND earlier.event_id < waiting.event_id
)
"""


def wake_heads(using: str) -> None:
    """Who heard the one before goes on by itself; where that process was lost, this says that it is time."""
    with connections[using].cursor() as cursor:
        cursor.execute(_WAKE, [now()])


def mark(hints: Sequence[Hint], until: dt.datetime, using: str) -> list[Hint]:
    """Note that the hints go out, and leave out those that another relay sends at this moment."""
    with transaction.atomic(using=using):
        open_ = Delivery.objects.using(using).open().filter(pk__in=[hint.delivery_id for hint in hints])
        mine = set(
            open_.filter(next_at__lte=now()).select_for_update(skip_locked=True).values_list("pk", flat=True)
        )
        Delivery.objects.using(using).filter(pk__in=mine).update(hinted_at=now(), next_at=until)
    return [hint for hint in hints if hint.delivery_id in mine]


def in_turn(hints: Iterable[Hint]) -> list[Hint]:
    """One of each tenant, then the second of each, and so on."""
    by_tenant: dict[int | None, list[Hint]] = defaultdict(list)
    for hint in hints:
        by_tenant[hint.tenant_id].append(hint)
    rounds: Iterator[tuple[Hint | None, ...]] = zip_longest(*by_tenant.values())
    return [hint for hint in chain.from_iterable(rounds) if hint]
