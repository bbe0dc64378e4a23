"""What webhooks do when others tell: they tell it on."""

from __future__ import annotations

from apps.events import EVENTS, News, listens_to_all
from apps.events.base import VersionUnknown

from . import messages
from .models import Endpoint, Message


@listens_to_all(queue="billing")
def tell_endpoints(news: News) -> None:
    """One message for each endpoint that wants to know; hearing the news again makes no second one.

    Raises VersionUnknown for an event of a newer release: whether it may be told outside, only that one knows.
    """
    if news.name not in EVENTS:
        raise VersionUnknown(f"{news.name} is not known here.")
    if EVENTS[news.name].internal:
        return
    endpoints = list(Endpoint.objects.hearing(news.name))
    if not endpoints:
        return
    body = messages.body_of(news.name, news.occurred_at, news.payload, version=news.version, event_id=news.id)
    Message.objects.bulk_create(
        (messages.written(endpoint, news.name, body, news.id) for endpoint in endpoints),
        ignore_conflicts=True,
    )
    for each in endpoints:
        messages.wake(each)
