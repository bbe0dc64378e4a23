"""Facts: published in the transaction of the change, heard after it is kept."""

from .base import (
    EVENTS,
    EVERY,
    SUBSCRIBERS,
    Event,
    News,
    Subscriber,
    listens_to,
    listens_to_all,
    publish,
    telling_only,
)

__all__ = [
    "EVENTS",
    "EVERY",
    "SUBSCRIBERS",
    "Event",
    "News",
    "Subscriber",
    "listens_to",
    "listens_to_all",
    "publish",
    "telling_only",
]
