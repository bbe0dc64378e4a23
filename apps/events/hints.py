"""Hints: Celery messages that name a delivery, sent to the queue of its subscriber. Best effort, in batches."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from celery import current_app
from kombu.exceptions import BatchPublishError  # type: ignore[attr-defined]
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.queues.tasks import PLATFORM

from .base import SUBSCRIBERS

BATCH_SIZE = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hint:
    delivery_id: int
    tenant_id: int | None
    subscriber: str
    correlation_id: str

    @property
    def queue(self) -> str:
        return SUBSCRIBERS[self.subscriber].queue


def send(hints: Sequence[Hint]) -> bool:
    """Sends a batch of hints. Returns False if the broker is unreachable or its response was lost; the sweep repeats
    them."""
    if not hints:
        return True
    try:
        with (
            current_app.producer_pool.acquire(block=True, timeout=5) as producer,
            producer.batch(BATCH_SIZE),  # type: ignore[attr-defined]
        ):
            for queue in {hint.queue for hint in hints}:
                producer.maybe_declare(current_app.amqp.queues[queue])
            for hint in hints:
                _send_one(producer, hint)
    except _broker_errors() as error:
        log.warning("Hints were not sent, the sweep will repeat them: %s", error)
        return False
    return True


def _send_one(producer: Any, hint: Hint) -> None:
    current_app.send_task(
        f"events.deliver_{hint.queue}",
        args=(hint.delivery_id,),
        queue=hint.queue,
        producer=producer,
        declare=(),  # once per queue, in `send`
        argsrepr=f"({hint.delivery_id},)",
        kwargsrepr="{}",
        headers={"tenant": hint.tenant_id or PLATFORM, "correlation_id": hint.correlation_id},
    )


def _broker_errors() -> tuple[type[BaseException], ...]:
    return (OSError, BrokerAway, BatchPublishError, *current_app.connection_for_write().connection_errors)
