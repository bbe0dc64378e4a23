"""What events know of a request: what was told, and who has heard it."""

from __future__ import annotations

from collections.abc import Iterator

from apps.kernel.request_trace import RequestTraceEntry, Severity, trace_source
from apps.kernel.tenant import current_tenant

from .base import EVENTS, SUBSCRIBERS
from .models import Delivery, OutboxEvent

SEVERITIES: dict[str, Severity] = {
    Delivery.Status.PENDING: "waiting",
    Delivery.Status.DONE: "good",
    Delivery.Status.DEAD: "bad",
    Delivery.Status.DROPPED: "bad",
}


@trace_source
def tell(correlation_id: str) -> Iterator[RequestTraceEntry]:
    """Both tables are everybody's: each is told of its own."""
    tenant = current_tenant()
    mine = OutboxEvent.objects.filter(tenant_id=tenant.id if tenant else None)
    events = mine.filter(correlation_id=correlation_id).order_by("id")
    for event in events:
        internal = event.name in EVENTS and EVENTS[event.name].internal
        yield RequestTraceEntry(
            at=event.occurred_at,
            kind="errand" if internal else "event",
            text=_errand(event) if internal else _news(event),
            detail="" if event.routed_at else "The relay has not carried it to its listeners yet.",
            severity="plain" if event.routed_at else "waiting",
            name=f"event:{event.pk}",
            caused_by=event.causation_id,
            row=("events.outboxevent", event.pk),
        )
    for delivery in Delivery.objects.filter(event__in=events).select_related("event").order_by("id"):
        yield RequestTraceEntry(
            at=delivery.done_at or delivery.event.occurred_at,
            kind="delivery",
            text=_heard(delivery),
            detail=delivery.last_error,
            severity=SEVERITIES[delivery.status],
            caused_by=f"event:{delivery.event_id}",
            row=("events.delivery", delivery.pk),
        )


def _news(event: OutboxEvent) -> str:
    """ "entry.posted" → "It was told that entry was posted"."""
    entity, action = event.name.split(".", maxsplit=1)
    happened = f"{entity} was {action}".replace("_", " ")
    return f"It was told that {happened} ({event.aggregate})."


def _errand(event: OutboxEvent) -> str:
    """What the house only tells itself."""
    return f"Sent on: {event.name.replace('.', ' ').replace('_', ' ')} ({event.aggregate})."


def _heard(delivery: Delivery) -> str:
    who = (
        delivery.subscriber
        if delivery.subscriber in SUBSCRIBERS
        else f"{delivery.subscriber} (not installed)"
    )
    tries = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
    match delivery.status:
        case Delivery.Status.DONE:
            after = (
                (delivery.done_at - delivery.event.occurred_at).total_seconds() if delivery.done_at else 0.0
            )
            return f"{who} heard it after {tries} and {after:.2f} s."
        case Delivery.Status.DEAD:
            return f"{who} gave up after {tries}."
        case Delivery.Status.DROPPED:
            return f"An operator spared {who} hearing it."
    if delivery.next_at is None:
        return f"{who} waits for an earlier one of {delivery.aggregate}."
    return f"{who} has not heard it: {tries}, next at {delivery.next_at:%H:%M:%S}."
