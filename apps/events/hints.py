"""Hints that name a delivery, sent to the queue of its subscriber."""

from __future__ import annotations

from apps.kernel.queues.hints import Hint

from .base import SUBSCRIBERS


def hint_of(delivery_id: int, tenant_id: int | None, subscriber: str, correlation_id: str) -> Hint:
    queue = SUBSCRIBERS[subscriber].queue
    return Hint(f"events.deliver_{queue}", queue, delivery_id, tenant_id, {"correlation_id": correlation_id})
