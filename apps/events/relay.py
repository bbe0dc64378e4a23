"""The relay: turns committed events into deliveries and hints the workers.

PostgreSQL is the truth. A Celery message only says "look": when one is lost, with the whole broker if need be,
the sweep says it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connections, transaction
from django.db.models import Min

from apps.kernel.clock import now

from . import backlog, breakers, hints
from .base import SUBSCRIBERS
from .deliveries import PATIENCE
from .hints import Hint
from .models import Delivery, OutboxEvent

BATCH = 500


def route(*, using: str = "relay") -> int:
    """Give the next committed events to their listeners. Returns how many events were routed.

    Rows are picked by state, never by `id > last seen`, which loses what commits late; SKIP LOCKED lets
    several relays work side by side.
    """
    with transaction.atomic(using=using):
        free = OutboxEvent.objects.using(using).filter(routed_at=None).order_by("id")
        events = _in_order(list(free.select_for_update(skip_locked=True)[:BATCH]), using)
        if not events:
            return 0
        deliveries = [delivery for event in events for delivery in _deliveries_of(event)]
        hinted = _choose_first(deliveries, using)
        Delivery.objects.using(using).bulk_create(deliveries)
        OutboxEvent.objects.using(using).filter(id__in=[event.pk for event in events]).update(routed_at=now())
    hints.send(backlog.in_turn(_hint(each) for each in hinted))
    return len(events)


def top_up(*, using: str = "relay") -> tuple[int, bool]:
    """Hint what is due, as far as there is room. Returns how many were hinted, and whether more is waiting."""
    room, lines, chosen, behind = backlog.Room(using), set(), [], []
    due = backlog.due(breakers.on(), breakers.asleep(), using)
    for line, hint in due:
        if line in lines:
            behind.append(hint.delivery_id)
        elif room.take(hint.tenant_id, hint.subscriber):
            lines.add(line)
            chosen.append(hint)
    if behind:
        Delivery.objects.using(using).open().filter(pk__in=behind, hinted_at=None).update(next_at=None)
    sent = backlog.mark(chosen, now() + PATIENCE, using) if chosen else []
    hints.send(backlog.in_turn(sent))
    return len(sent), len(due) > len(chosen) + len(behind)


def sweep(*, using: str = "relay") -> int:
    """The net under the hints: repeat what nobody took up, and hint what is due. Returns how many were hinted."""
    backlog.wake_heads(using)
    repeated = backlog.mark(backlog.unanswered(breakers.asleep(), using), now() + PATIENCE, using)
    hints.send(backlog.in_turn(repeated))
    return len(repeated) + top_up(using=using)[0]


def wait_for_notification(seconds: float, *, using: str = "relay") -> None:
    """Sleep until somebody publishes, at most `seconds`."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
            return


def _in_order(events: Sequence[OutboxEvent], using: str) -> list[OutboxEvent]:
    """Without those of a thing of which another relay holds an earlier one: it routes both, or the next round does."""
    if not events:
        return []
    mine = [event.pk for event in events]
    elsewhere = OutboxEvent.objects.using(using).filter(routed_at=None, pk__lt=mine[-1]).exclude(pk__in=mine)
    first = {
        (tenant_id, aggregate): pk
        for tenant_id, aggregate, pk in elsewhere.values_list("tenant_id", "aggregate").annotate(Min("pk"))
    }
    return [event for event in events if first.get((event.tenant_id, event.aggregate), event.pk) >= event.pk]


def _deliveries_of(event: OutboxEvent) -> Iterable[Delivery]:
    for name, subscriber in SUBSCRIBERS.items():
        if subscriber.wants(event.name):
            yield Delivery(tenant_id=event.tenant_id, event=event, subscriber=name, aggregate=event.aggregate)


def _choose_first(deliveries: Sequence[Delivery], using: str) -> list[Delivery]:
    """Say of each when it is hinted: the first of a line now, if there is room and its subscriber is not paused;
    who hears it goes on to those behind. Returns what is hinted now."""
    room, lines, chosen = backlog.Room(using), set(), []
    on, resting, asleep = set(breakers.on()), breakers.resting(using=using), set(breakers.asleep())
    for delivery in deliveries:
        line = (delivery.subscriber, delivery.tenant_id, delivery.aggregate)
        if line in lines:
            continue
        lines.add(line)
        delivery.next_at = delivery.event.due_at or now()
        paused = delivery.subscriber not in on or line[:2] in resting or delivery.tenant_id in asleep
        if delivery.event.due_at or paused:
            continue
        if room.take(delivery.tenant_id, delivery.subscriber):
            delivery.next_at, delivery.hinted_at = now() + PATIENCE, now()
            chosen.append(delivery)
    return chosen


def _hint(delivery: Delivery) -> Hint:
    return Hint(delivery.pk, delivery.tenant_id, delivery.subscriber, delivery.event.correlation_id)
