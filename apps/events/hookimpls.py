"""Entries of a request trace: published events and their deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, trace_source
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
def trace_events(correlation_id: str) -> Iterator[RequestTraceEntry]:
    """The tables are shared by all tenants, so the rows are filtered by the current one."""
    tenant = current_tenant()
    of_tenant = OutboxEvent.objects.filter(tenant_id=tenant.id if tenant else None)
    events = of_tenant.filter(correlation_id=correlation_id).order_by("id")
    for event in events:
        internal = event.name in EVENTS and EVENTS[event.name].internal
        yield RequestTraceEntry(
            at=event.occurred_at,
            kind="internal event" if internal else "event",
            text=_internal_event_text(event) if internal else _event_text(event),
            detail="" if event.routed_at else gettext("Not routed yet."),
            severity="plain" if event.routed_at else "waiting",
            name=f"event:{event.pk}",
            caused_by=event.causation_id,
            row=("events.outboxevent", event.pk),
        )
    for delivery in Delivery.objects.filter(event__in=events).select_related("event").order_by("id"):
        yield RequestTraceEntry(
            at=delivery.finished_at or delivery.event.occurred_at,
            kind="delivery",
            text=_delivery_text(delivery),
            detail=delivery.last_error,
            severity=SEVERITIES[delivery.status],
            caused_by=f"event:{delivery.event_id}",
            row=("events.delivery", delivery.pk),
        )


def _event_text(event: OutboxEvent) -> str:
    entity, action = event.name.split(".", maxsplit=1)
    phrase = f"{entity} was {action}".replace("_", " ")
    return gettext("Event published: {phrase} ({aggregate}).").format(
        phrase=phrase, aggregate=event.aggregate
    )


def _internal_event_text(event: OutboxEvent) -> str:
    phrase = event.name.replace(".", " ").replace("_", " ")
    return gettext("Internal event: {phrase} ({aggregate}).").format(phrase=phrase, aggregate=event.aggregate)


def _delivery_text(delivery: Delivery) -> str:
    name = (
        delivery.subscriber
        if delivery.subscriber in SUBSCRIBERS
        else gettext("{subscriber} (not installed)").format(subscriber=delivery.subscriber)
    )
    tries = ngettext("{count} attempt", "{count} attempts", delivery.attempts).format(count=delivery.attempts)
    match delivery.status:
        case Delivery.Status.DONE:
            after = (
                (delivery.finished_at - delivery.event.occurred_at).total_seconds()
                if delivery.finished_at
                else 0.0
            )
            return gettext("Delivered to {name} after {tries} and {seconds:.2f} s.").format(
                name=name, tries=tries, seconds=after
            )
        case Delivery.Status.DEAD:
            return gettext("Dead letter of {name} after {tries}.").format(name=name, tries=tries)
        case Delivery.Status.DROPPED:
            return gettext("Delivery to {name} dropped by an operator.").format(name=name)
    if delivery.next_at is None:
        return gettext("Delivery to {name} waits for an earlier one of {aggregate}.").format(
            name=name, aggregate=delivery.aggregate
        )
    return gettext("Delivery to {name} pending: {tries}, next at {next_at:%H:%M:%S}.").format(
        name=name, tries=tries, next_at=delivery.next_at
    )
