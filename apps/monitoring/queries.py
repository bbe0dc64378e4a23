"""What is heard, what is not, and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from apps.events import EVENTS, SUBSCRIBERS, breakers, schemas
from apps.events.models import Breaker, Delivery
from apps.kernel import databases, waiting
from apps.kernel.clock import now
from apps.kernel.tenant import HOME
from apps.kernel.waiting import Standing
from apps.tenancy.models import Tenant

NOTHING = {"pending": 0, "oldest_at": None, "dead": 0}


@dataclass(frozen=True)
class SubscriberState:
    """How one subscriber does. `paused` says why, where it is."""

    name: str
    subscribes: str
    queue: str
    paused: str
    pending: int
    oldest_at: dt.datetime | None
    dead: int


def subscribers() -> Sequence[SubscriberState]:
    """All that are installed, and those that are not and have something waiting; the worst first."""
    counted: dict[str, Any] = {
        each["subscriber"]: each
        for each in Delivery.objects.unsettled()
        .values("subscriber")
        .annotate(
            pending=Count("pk", filter=Q(status=Delivery.Status.PENDING)),
            oldest_at=Min("event__occurred_at", filter=Q(status=Delivery.Status.PENDING)),
            dead=Count("pk", filter=Q(status=Delivery.Status.DEAD)),
        )
    }
    paused_streams = defaultdict(list)
    for breaker in Breaker.objects.open():
        paused_streams[breaker.subscriber].append(breaker)
    states = [
        SubscriberState(
            name=name,
            subscribes=SUBSCRIBERS[name].subscribes if name in SUBSCRIBERS else "—",
            queue=SUBSCRIBERS[name].queue if name in SUBSCRIBERS else "—",
            paused=_why_paused(name, paused_streams[name]),
            pending=counted.get(name, NOTHING)["pending"],
            oldest_at=counted.get(name, NOTHING)["oldest_at"],
            dead=counted.get(name, NOTHING)["dead"],
        )
        for name in {*SUBSCRIBERS, *counted}
    ]
    return sorted(states, key=lambda each: (-each.dead, not each.paused, -each.pending, each.name))


def _why_paused(name: str, paused_streams: Sequence[Breaker]) -> str:
    if name not in SUBSCRIBERS:
        return "its module is not installed"
    if not breakers.is_enabled(name):
        return "its module is off"
    if not paused_streams:
        return ""
    rest = min((each.open_until - now()).total_seconds() for each in paused_streams if each.open_until)
    most = max(each.failures for each in paused_streams)
    whose = "one tenant" if len(paused_streams) == 1 else f"{len(paused_streams)} tenants"
    return f"it failed {most} times in a row for {whose}; tried again in {rest:,.0f} s"


@dataclass(frozen=True)
class QueueState:
    """How one queue does: its messages in the broker, and what stands behind them in the deliveries."""

    broker: Standing
    pending: int
    dead: int


def queues() -> Sequence[QueueState]:
    """In the order of the policy table. Raises waiting.BROKER_ERRORS where the broker does not answer."""
    behind: Counter[tuple[str, str]] = Counter()
    for name, status, count in (
        Delivery.objects.unsettled().values_list("subscriber", "status").annotate(count=Count("pk"))
    ):
        if name in SUBSCRIBERS:
            behind[SUBSCRIBERS[name].queue, status] += count
    return [
        QueueState(
            each, behind[each.queue, Delivery.Status.PENDING], behind[each.queue, Delivery.Status.DEAD]
        )
        for each in waiting.standing()
    ]


def deliveries(
    *, subscriber: str = "", tenant: str = "", status: str = "", database: str = HOME
) -> QuerySet[Delivery]:
    """Of one database, newest first."""
    rows = Delivery.objects.using(databases.runtime(database))
    found = rows.select_related("event").order_by("-pk")
    if subscriber:
        found = found.filter(subscriber=subscriber)
    if tenant:
        found = found.filter(
            tenant_id__in=list(Tenant.objects.filter(slug=tenant).values_list("pk", flat=True))
        )
    if status:
        found = found.filter(status=status)
    return found


def tenant_names() -> dict[int | None, str]:
    """For rows that know a tenant's id only."""
    return {None: "the platform", **dict(Tenant.objects.values_list("pk", "slug"))}


def event_names() -> Sequence[str]:
    return sorted(EVENTS)


@dataclass(frozen=True)
class Told:
    """An event that can happen: in which shape, who publishes it, and who hears it."""

    name: str
    version: int
    publisher: str
    subscribers: tuple[str, ...]
    schema: dict[str, Any]


def events() -> Sequence[Told]:
    return [
        Told(
            name=event.name,
            version=event.version,
            publisher=event.__module__.split(".")[1],
            subscribers=tuple(sorted(name for name, each in SUBSCRIBERS.items() if each.matches(event.name))),
            schema=schemas.schema(event),
        )
        for event in schemas.app_events()
    ]
