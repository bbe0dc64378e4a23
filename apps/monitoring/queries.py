"""Subscribers, queues, deliveries and events."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext, ngettext

from apps.events import EVENTS, SUBSCRIBERS, breakers, schemas
from apps.events.models import Breaker, Delivery
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.queues import wait_times
from apps.kernel.queues.wait_times import QueueStatus
from apps.kernel.tenant import HOME
from apps.tenancy.models import Tenant

NO_DELIVERIES = {"pending": 0, "oldest_at": None, "dead": 0}


@dataclass(frozen=True)
class SubscriberOverview:
    """The state of a subscriber.

    queue   of its deliveries, unless the publisher of the event chooses another
    paused  the reason of a pause, or empty
    """

    name: str
    subscribes: str
    queue: str
    paused: str
    pending: int
    oldest_at: dt.datetime | None
    dead: int


def subscribers() -> Sequence[SubscriberOverview]:
    """All installed subscribers, and others with unsettled deliveries; dead letters first."""
    counted: dict[str, Any] = {
        row["subscriber"]: row
        for row in Delivery.objects.unsettled()
        .values("subscriber")
        .annotate(
            pending=Count("pk", filter=Q(status=Delivery.Status.PENDING)),
            oldest_at=Min("event__occurred_at", filter=Q(status=Delivery.Status.PENDING)),
            dead=Count("pk", filter=Q(status=Delivery.Status.DEAD)),
        )
    }
    open_breakers = defaultdict(list)
    for breaker in Breaker.objects.open():
        open_breakers[breaker.subscriber].append(breaker)
    states = [
        SubscriberOverview(
            name=name,
            subscribes=SUBSCRIBERS[name].subscribes if name in SUBSCRIBERS else "—",
            queue=SUBSCRIBERS[name].queue if name in SUBSCRIBERS else "—",
            paused=_pause_reason(name, open_breakers[name]),
            pending=counted.get(name, NO_DELIVERIES)["pending"],
            oldest_at=counted.get(name, NO_DELIVERIES)["oldest_at"],
            dead=counted.get(name, NO_DELIVERIES)["dead"],
        )
        for name in {*SUBSCRIBERS, *counted}
    ]
    return sorted(states, key=lambda state: (-state.dead, not state.paused, -state.pending, state.name))


def _pause_reason(name: str, open_breakers: Sequence[Breaker]) -> str:
    if name not in SUBSCRIBERS:
        return gettext("its module is not installed")
    if not breakers.is_enabled(name):
        return gettext("its module is disabled")
    if not open_breakers:
        return ""
    pause_s = min(
        (breaker.open_until - now()).total_seconds() for breaker in open_breakers if breaker.open_until
    )
    failures = max(breaker.failures for breaker in open_breakers)
    count = len({breaker.tenant_id for breaker in open_breakers})
    return ngettext(
        "{failures} failures in a row for {count} tenant; next attempt in {seconds:,.0f} s",
        "{failures} failures in a row for {count} tenants; next attempt in {seconds:,.0f} s",
        count,
    ).format(failures=failures, count=count, seconds=pause_s)


@dataclass(frozen=True)
class QueueOverview:
    """A queue: its status in the broker, and its deliveries."""

    broker: QueueStatus
    pending: int
    dead: int


def queues() -> Sequence[QueueOverview]:
    """In the order of the policy table. Raises wait_times.BROKER_ERRORS without a broker."""
    deliveries_by_status: Counter[tuple[str, str]] = Counter()
    unsettled = Delivery.objects.unsettled().values_list("queue", "status").annotate(count=Count("pk"))
    for queue_name, status, count in unsettled:
        deliveries_by_status[queue_name, status] = count
    return [
        QueueOverview(
            broker=queue,
            pending=deliveries_by_status[queue.queue, Delivery.Status.PENDING],
            dead=deliveries_by_status[queue.queue, Delivery.Status.DEAD],
        )
        for queue in wait_times.queue_statuses()
    ]


def deliveries(
    *, subscriber: str = "", tenant: str = "", status: str = "", database: str = HOME
) -> QuerySet[Delivery]:
    """Of one database, newest first."""
    rows = Delivery.objects.using(databases.runtime(database))
    rows = rows.select_related("event").order_by("-pk")
    if subscriber:
        rows = rows.filter(subscriber=subscriber)
    if tenant:
        rows = rows.filter(
            tenant_id__in=list(Tenant.objects.filter(slug=tenant).values_list("pk", flat=True))
        )
    if status:
        rows = rows.filter(status=status)
    return rows


def tenant_names() -> dict[int | None, str]:
    """The short names of tenants by id, for rows without a foreign key."""
    return {None: "the platform", **dict(Tenant.objects.values_list("pk", "slug"))}


def event_names() -> Sequence[str]:
    return sorted(EVENTS)


@dataclass(frozen=True)
class EventDescription:
    """An event with its schema, publisher and subscribers."""

    name: str
    version: int
    publisher: str
    subscribers: tuple[str, ...]
    schema: dict[str, Any]


def events() -> Sequence[EventDescription]:
    return [
        EventDescription(
            name=event.name,
            version=event.version,
            publisher=event.__module__.split(".")[1],
            subscribers=tuple(
                sorted(name for name, subscriber in SUBSCRIBERS.items() if subscriber.matches(event.name))
            ),
            schema=schemas.schema(event),
        )
        for event in schemas.app_events()
    ]
