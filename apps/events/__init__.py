"""Events: published in the transaction of the change, delivered after its commit."""

from .base import (
    EVENTS,
    EVERY,
    SUBSCRIBERS,
    Event,
    EventEnvelope,
    Subscriber,
    listens_to,
    listens_to_all,
)
from .publishing import emitting_only, publish

__all__ = [
    "EVENTS",
    "EVERY",
    "SUBSCRIBERS",
    "Event",
    "EventEnvelope",
    "Subscriber",
    "emitting_only",
    "listens_to",
    "listens_to_all",
    "publish",
]
