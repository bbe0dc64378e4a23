"""Publishing: an event is written to the outbox in the transaction of its change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

from apps.kernel.clock import now
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.db.outcome import record
from apps.kernel.observability.traceparent import current_trace
from apps.kernel.plain import to_plain
from apps.kernel.queues.policies import POLICIES

from .base import Event
from .instrumentation import note_after_commit

CHANNEL = "bursar_outbox"


def _refuse_undeclared(event: Event) -> None:
    declared = _emittable.get()
    if declared is not None and not event.internal and type(event) not in declared:
        raise RuntimeError(f"{event.name} is not declared by this handler: @handles(…, emits=(…,)).")


_emittable: ContextVar[tuple[type[Event], ...] | None] = ContextVar("emittable", default=None)


@contextmanager
def emitting_only(events: tuple[type[Event], ...]) -> Iterator[None]:
    """Refuses other business events inside the block, so that the `emits` of a handler is complete."""
    token = _emittable.set(events)
    try:
        yield
    finally:
        _emittable.reset(token)


def publish(event: Event, *, after: dt.timedelta | None = None, queue: str = "") -> None:
    """Writes the event to the outbox, in the transaction of the change: it is published only if that commits.

    `after` delays the delivery. The delay is a row of the outbox, so a restart of the broker does not lose it.
    `queue` takes precedence over the queue of the subscribers. Events of one aggregate share a queue.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.name} must be published inside the transaction of its change.")
    if queue and queue not in POLICIES:
        raise ValueError(f"{event.name} cannot be delivered in the queue {queue}, which does not exist.")
    _refuse_undeclared(event)
    payload, at = to_plain(event), now()
    record(
        "events",
        {
            "name": event.name,
            "version": event.version,
            "aggregate": event.aggregate,
            "payload": payload,
            "correlation_id": correlation_id() or "",
            "causation_id": causation_id() or "",
            "traceparent": str(current_trace() or ""),
            "queue": queue,
            "occurred_at": at.isoformat(),
            "due_at": (at + after).isoformat() if after else None,
        },
    )
    note_after_commit(event, payload, at)
    notify_relay()


def notify_relay() -> None:
    """Sends NOTIFY after the commit, once per transaction and best effort.

    Inside the transaction NOTIFY would take a lock that all commits share. Without it the relay polls every second.
    """
    if not any(callback[1] is _notify for callback in connection.run_on_commit):
        transaction.on_commit(_notify, robust=True)


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
