"""Queries on events, subscribers and deliveries."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import gettext, ngettext

from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import HOME

from . import breakers, schemas
from .base import EVENTS, SUBSCRIBERS
from .models import Breaker, BreakerQuerySet, Delivery, OutboxEvent

NO_DELIVERIES = {"pending": 0, "oldest_at": None, "dead": 0}
DELIVERY_STATUSES: Sequence[str] = Delivery.Status.values


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


def open_breakers() -> BreakerQuerySet:
    """Of the current database, by subscriber."""
    return Breaker.objects.open().order_by("subscriber", "id")


@dataclass(frozen=True)
class Backlog:
    """Numbers of deliveries."""

    pending: int = 0
    dead: int = 0


def backlog_by_queue() -> Mapping[str, Backlog]:
    counts = (
        Delivery.objects.unsettled()
        .values_list("queue")
        .annotate(
            pending=Count("pk", filter=Q(status=Delivery.Status.PENDING)),
            dead=Count("pk", filter=Q(status=Delivery.Status.DEAD)),
        )
        .order_by()
    )
    return {queue: Backlog(pending, dead) for queue, pending, dead in counts}


def dead_letters() -> int:
    """The number of dead letters of the current tenant."""
    return Delivery.objects.filter(status=Delivery.Status.DEAD).count()


def aggregates_pending(subscribers: Sequence[str]) -> set[str]:
    """The aggregates of the current tenant that have a delivery to come for any of the subscribers."""
    pending = Delivery.objects.open().filter(subscriber__in=subscribers)
    return set(pending.values_list("aggregate", flat=True))


def deliveries(*, database: str = HOME, **criteria: Any) -> QuerySet[Delivery]:
    """Of one database, newest first: `deliveries(subscriber="ledger.count", status="dead")`."""
    rows = Delivery.objects.using(databases.runtime(database)).select_related("event")
    return rows.filter(**criteria).order_by("-pk")


def dead_deliveries(subscriber: str, tenant_id: int | None, *, database: str) -> QuerySet[Delivery]:
    """The dead letters of a subscriber, of one tenant or of all."""
    dead = deliveries(database=database, status=Delivery.Status.DEAD, subscriber=subscriber)
    return dead if tenant_id is None else dead.filter(tenant_id=tenant_id)


def has_correlation_id(correlation_id: str, *, tenant_id: int | None) -> bool:
    """Whether an event of the tenant has this id; without a tenant, any event."""
    events = OutboxEvent.objects.filter(correlation_id=correlation_id)
    return (events if tenant_id is None else events.filter(tenant_id=tenant_id)).exists()


def tenants_with(correlation_id: str) -> frozenset[int]:
    """The ids of the tenants with an event of this correlation id."""
    events = OutboxEvent.objects.filter(correlation_id=correlation_id, tenant_id__isnull=False)
    return frozenset(tenant_id for tenant_id in events.values_list("tenant_id", flat=True) if tenant_id)


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
