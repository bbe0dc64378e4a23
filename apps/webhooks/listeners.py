"""Events become messages for endpoints."""

from __future__ import annotations

from apps.events import EVENTS, EventEnvelope, listens_to_all
from apps.events.base import VersionUnknown

from . import messages
from .models import Endpoint, Message


@listens_to_all(queue="billing")
def notify_endpoints(envelope: EventEnvelope) -> None:
    """Inserts one message per subscribed endpoint; a repeated delivery inserts no second one.

    Raises VersionUnknown for an event of a newer release, which alone knows whether the event is internal.
    """
    if envelope.name not in EVENTS:
        raise VersionUnknown(f"{envelope.name} is not known here.")
    if EVENTS[envelope.name].internal:
        return
    endpoints = list(Endpoint.objects.subscribed_to(envelope.name))
    if not endpoints:
        return
    body = messages.body_of(
        envelope.name, envelope.occurred_at, envelope.payload, version=envelope.version, event_id=envelope.id
    )
    Message.objects.bulk_create(
        (messages.new_message(endpoint, envelope.name, body, envelope.id) for endpoint in endpoints),
        ignore_conflicts=True,
    )
    for endpoint in endpoints:
        messages.send_hint(endpoint)
