"""Facts: published in the transaction of the change, heard after it is kept."""

from .base import EVENTS, SUBSCRIBERS, Event, Subscriber, listens_to, publish

__all__ = ["EVENTS", "SUBSCRIBERS", "Event", "Subscriber", "listens_to", "publish"]
