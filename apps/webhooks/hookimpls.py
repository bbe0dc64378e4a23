"""Entries of a request trace: messages sent and received."""

from __future__ import annotations

from collections.abc import Iterator

from apps.kernel.observability.request_trace import RequestTraceEntry, Severity, trace_source
from apps.kernel.pii import exclude_from_clones

from .models import Message, Received

_SENT: dict[str, Severity] = {"pending": "waiting", "delivered": "good", "dead": "bad"}
_RECEIVED: dict[str, Severity] = {
    "received": "waiting",
    "failed": "waiting",
    "processed": "good",
    "dead": "bad",
}


@trace_source
def trace_sent(correlation_id: str) -> Iterator[RequestTraceEntry]:
    messages = Message.objects.filter(correlation_id=correlation_id).select_related("endpoint").order_by("id")
    for message in messages:
        tries = f"{message.attempts} attempt{'' if message.attempts == 1 else 's'}"
        last = message.tries.last()
        yield RequestTraceEntry(
            at=message.finished_at or message.created_at,
            kind="webhook",
            text=f"{message.type} to {message.endpoint}: {message.get_state_display().lower()} after {tries}.",
            detail=str(last) if last else "",
            severity=_SENT[message.state],
            caused_by=f"event:{message.event_id}" if message.event_id else "",
            row=("webhooks.message", message.pk),
        )


@trace_source
def trace_received(correlation_id: str) -> Iterator[RequestTraceEntry]:
    """A received message is the trigger of its command."""
    for received in Received.objects.filter(correlation_id=correlation_id).select_related("source"):
        yield RequestTraceEntry(
            at=received.received_at,
            kind="webhook",
            text=f"{received} from {received.source}: {received.get_state_display().lower()}.",
            detail=received.last_error,
            severity=_RECEIVED.get(received.state, "plain"),
            name=f"webhook:{received.pk}",
            row=("webhooks.received", received.pk),
        )


exclude_from_clones("webhooks.Endpoint", "webhooks.Secret", "webhooks.Message", "webhooks.Attempt")
exclude_from_clones("webhooks.Source", "webhooks.SourceSecret", "webhooks.Received")
