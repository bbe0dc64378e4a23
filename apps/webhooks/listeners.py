"""What webhooks do when others tell: they tell it on."""

from __future__ import annotations

from apps.events import EVENTS, EventEnvelope, listens_to_all
from apps.events.base import VersionUnknown

from . import messages
from .models import Endpoint, Message


@listens_to_all(queue="billing")
def notify_endpoints(envelope: EventEnvelope) -> None:
    """One message for each endpoint that wants to know; hearing the news again makes no second one.

    Raises VersionUnknown for an event of a newer release: whether it may be told outside, only that one knows.
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
        (messages.written(endpoint, envelope.name, body, envelope.id) for endpoint in endpoints),
        ignore_conflicts=True,
    )
    for each in endpoints:
        messages.wake(each)
