"""The relay: turns committed events into deliveries and sends hints to the workers.

PostgreSQL is the source of truth. A hint only names a delivery; the sweep repeats lost hints, even after the loss of
the whole broker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connections, transaction
from django.db.models import Min

from apps.kernel.clock import now
from apps.kernel.queues import hints
from apps.kernel.queues.hints import Hint

from . import backlog, breakers
from .base import SUBSCRIBERS
from .deliveries import HINT_TIMEOUT
from .hints import hint_of
from .models import Delivery, OutboxEvent

BATCH = 500


def route(*, using: str = "relay") -> int:
    """Creates the deliveries of the next committed events. Returns the number of routed events.

    Rows are selected by state, because `id > last seen` would skip events that commit late. SKIP LOCKED lets several
    relays run at once.
    """
    with transaction.atomic(using=using):
        unrouted = OutboxEvent.objects.using(using).filter(routed_at=None).order_by("id")
        events = _in_order(list(unrouted.select_for_update(skip_locked=True)[:BATCH]), using)
        if not events:
            return 0
        deliveries = [delivery for event in events for delivery in _deliveries_of(event)]
        hinted = _schedule_heads(deliveries, using)
        Delivery.objects.using(using).bulk_create(deliveries)
        OutboxEvent.objects.using(using).filter(id__in=[event.pk for event in events]).update(routed_at=now())
    hints.send(backlog.interleave_tenants(_hint(delivery) for delivery in hinted))
    return len(events)


def top_up(*, using: str = "relay") -> tuple[int, bool]:
    """Hints due deliveries within the hint budget. Returns their number, and whether others are still due."""
    budget, keys, chosen, behind = backlog.HintBudget(using), set(), [], []
    due = backlog.due(breakers.enabled_subscribers(), breakers.inactive_tenants(), using)
    for key, hint in due:
        if key in keys:
            behind.append(hint.pk)
        elif budget.reserve(hint.tenant_id, hint.queue):
            keys.add(key)
            chosen.append(hint)
    if behind:
        Delivery.objects.using(using).open().filter(pk__in=behind, hinted_at=None).update(next_at=None)
    sent = backlog.mark(chosen, now() + HINT_TIMEOUT, using) if chosen else []
    hints.send(backlog.interleave_tenants(sent))
    return len(sent), len(due) > len(chosen) + len(behind)


def sweep(*, using: str = "relay") -> int:
    """Repeats lost hints and hints due deliveries. Returns their number."""
    backlog.schedule_heads(using)
    repeated = backlog.mark(
        backlog.unclaimed(breakers.inactive_tenants(), using), now() + HINT_TIMEOUT, using
    )
    hints.send(backlog.interleave_tenants(repeated))
    return len(repeated) + top_up(using=using)[0]


def wait_for_notification(seconds: float, *, using: str = "relay") -> None:
    """Waits for the next NOTIFY of a publisher, at most `seconds`."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.wrap_database_errors:
        for _ in connection.connection.notifies(timeout=seconds, stop_after=1):
            return


def _in_order(events: Sequence[OutboxEvent], using: str) -> list[OutboxEvent]:
    """Leaves out events behind an event of the same aggregate that another relay has locked. The next batch routes
    them."""
    if not events:
        return []
    locked = [event.pk for event in events]
    others = OutboxEvent.objects.using(using).filter(routed_at=None, pk__lt=locked[-1]).exclude(pk__in=locked)
    first = {
        (tenant_id, aggregate): pk
        for tenant_id, aggregate, pk in others.values_list("tenant_id", "aggregate").annotate(Min("pk"))
    }
    return [event for event in events if first.get((event.tenant_id, event.aggregate), event.pk) >= event.pk]


def _deliveries_of(event: OutboxEvent) -> Iterable[Delivery]:
    for name, subscriber in SUBSCRIBERS.items():
        if subscriber.matches(event.name):
            yield Delivery(
                tenant_id=event.tenant_id,
                event=event,
                subscriber=name,
                aggregate=event.aggregate,
                queue=event.queue or subscriber.queue,
            )


def _schedule_heads(deliveries: Sequence[Delivery], using: str) -> list[Delivery]:
    """Hints the first delivery of each ordering key, within the budget and unless its subscriber is paused.

    The worker of the head hints the next delivery of the key. Returns the hinted deliveries.
    """
    budget, keys, chosen = backlog.HintBudget(using), set(), []
    enabled, paused = set(breakers.enabled_subscribers()), breakers.paused_streams(using=using)
    inactive = set(breakers.inactive_tenants())
    for delivery in deliveries:
        key = (delivery.subscriber, delivery.tenant_id, delivery.aggregate)
        if key in keys:
            continue
        keys.add(key)
        delivery.next_at = delivery.event.due_at or now()
        stream = breakers.stream_of(delivery)
        is_paused = delivery.subscriber not in enabled or stream in paused or delivery.tenant_id in inactive
        if delivery.event.due_at or is_paused:
            continue
        if budget.reserve(delivery.tenant_id, delivery.queue):
            delivery.next_at, delivery.hinted_at = now() + HINT_TIMEOUT, now()
            chosen.append(delivery)
    return chosen


def _hint(delivery: Delivery) -> Hint:
    return hint_of(delivery.pk, delivery.tenant_id, delivery.queue, delivery.event.correlation_id)
