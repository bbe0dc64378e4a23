"""Batches of messages to the broker, without a wait for a response to each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from kombu.exceptions import KombuError

ACQUIRE_TIMEOUT_S = 5


@contextmanager
def batch(size: int) -> Iterator[Any]:
    """A producer for `send_task`, which publishes its messages in batches. Raises one of `errors()`."""
    with current_app.producer_pool.acquire(block=True, timeout=ACQUIRE_TIMEOUT_S) as acquired:
        producer: Any = acquired  # the types of kombu have no `batch`
        with producer.batch(size):
            yield producer


def errors() -> tuple[type[BaseException], ...]:
    """The broker is unreachable, or its response was lost."""
    return (OSError, KombuError, *current_app.connection_for_write().connection_errors)
