"""Metrics, logs and spans of events and their deliveries."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.kernel.correlation import correlated
from apps.kernel.observability import instrumentation, metrics
from apps.kernel.observability.logs import level_of_event, log_context
from apps.kernel.observability.traceparent import current_trace
from apps.kernel.observability.tracing import span
from apps.kernel.tenant import current_tenant

if TYPE_CHECKING:
    from .base import Event
    from .models import Delivery

log = logging.getLogger("bursar.events")


def note_after_commit(event: Event, payload: dict[str, Any], at: dt.datetime) -> None:
    """Records the event after the commit, best effort: an error here affects neither the change nor the delivery.

    The outermost transaction may end outside the request, so the context is copied now.
    """
    transaction.on_commit(partial(copy_context().run, _note, event, payload, at), robust=True)


@contextmanager
def about(delivery: Delivery) -> Iterator[None]:
    """Runs the block with the correlation id and trace of the request that published the event."""
    event = delivery.event
    with (
        correlated(event.correlation_id, causation=f"event:{event.pk}", trace=event.traceparent),
        log_context(subscriber=delivery.subscriber),
    ):
        yield


@contextmanager
def handling(delivery: Delivery) -> Iterator[None]:
    """A span of one attempt: part of the trace of the event, linked to the span of the task."""
    hint = current_trace()
    with about(delivery), span(f"handle {delivery.event.name}", kind="consumer", links=(hint,)):
        yield


def count(subscriber: str, outcome: str) -> None:
    metrics.DELIVERIES.labels(subscriber.split(".", maxsplit=1)[0], subscriber, outcome).inc()


def _note(event: Event, payload: dict[str, Any], at: dt.datetime) -> None:
    metrics.EVENTS.labels(type(event).__module__.split(".")[1], event.name).inc()
    log.log(level_of_event(event.name), "%s", event.name, extra={"aggregate": event.aggregate})
    if name := event.instrumented_as:
        tenant = current_tenant()
        instrumentation.record(
            instrumentation.BusinessEvent(
                name=name,
                tenant_id=tenant.id
                if tenant
                else payload.get("tenant_id"),  # a platform event about a tenant
                ids=instrumentation.ids_of(payload),
                at=at,
            )
        )
