"""Entries of a request trace: messages sent and received."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, ngettext

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
        tries = ngettext("{count} attempt", "{count} attempts", message.attempts).format(
            count=message.attempts
        )
        last = message.tries.last()
        yield RequestTraceEntry(
            at=message.finished_at or message.created_at,
            kind="webhook",
            text=gettext("{type} to {endpoint}: {state} after {tries}.").format(
                type=message.type,
                endpoint=message.endpoint,
                state=message.get_state_display().lower(),
                tries=tries,
            ),
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
            text=gettext("{received} from {source}: {state}.").format(
                received=received, source=received.source, state=received.get_state_display().lower()
            ),
            detail=received.last_error,
            severity=_RECEIVED.get(received.state, "plain"),
            name=f"webhook:{received.pk}",
            row=("webhooks.received", received.pk),
        )


exclude_from_clones("webhooks.Endpoint", "webhooks.Secret", "webhooks.Message", "webhooks.Attempt")
exclude_from_clones("webhooks.Source", "webhooks.SourceSecret", "webhooks.Received")
