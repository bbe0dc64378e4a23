"""Hearing again, and giving up on purpose. Whoever decides that asks in `monitoring`; here is how it is done."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from apps.kernel.clock import now

from .base import wake_relay
from .models import Delivery, OutboxEvent

AT_ONCE = 1_000


def again(deliveries: QuerySet[Delivery]) -> int:
    """They are pending as if nobody had tried. What waits behind them is heard after them."""
    count = deliveries.exclude(status=Delivery.Status.PENDING).update(
        status=Delivery.Status.PENDING, attempts=0, next_at=now(), hinted_at=None, done_at=None
    )
    wake_relay()
    return count


def tell_again(events: QuerySet[OutboxEvent], subscriber: str) -> int:
    """The subscriber hears these events, also those that were told before it was there."""
    told = Delivery.objects.filter(event=OuterRef("pk"), subscriber=subscriber)
    new = [
        Delivery(
            tenant_id=event.tenant_id,
            event=event,
            subscriber=subscriber,
            aggregate=event.aggregate,
            next_at=now(),
        )
        for event in events.exclude(Exists(told)).exclude(routed_at=None).order_by("id").defer("payload")
    ]
    heard = again(Delivery.objects.filter(subscriber=subscriber, event__in=events))
    Delivery.objects.bulk_create(new, batch_size=AT_ONCE, ignore_conflicts=True)
    return heard + len(new)


def drop(delivery: Delivery) -> None:
    """It will not be heard, and no longer holds up what waits behind it."""
    delivery.status, delivery.done_at, delivery.hinted_at = Delivery.Status.DROPPED, now(), None
    delivery.save(update_fields=["status", "done_at", "hinted_at"])
    behind = Delivery.objects.unsettled().beside(delivery).order_by("event_id").first()
    if behind:
        Delivery.objects.open().filter(pk=behind.pk, next_at=None).update(next_at=now())
    wake_relay()
