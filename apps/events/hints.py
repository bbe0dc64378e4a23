"""Hints that name a delivery, sent to its queue."""

from __future__ import annotations

from apps.kernel.queues.hints import Hint

DELIVER = "events.deliver"


def hint_of(delivery_id: int, tenant_id: int | None, queue: str, correlation_id: str) -> Hint:
    return Hint(DELIVER, queue, delivery_id, tenant_id, {"correlation_id": correlation_id})
