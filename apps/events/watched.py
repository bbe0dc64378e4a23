"""What those who watch the house are told of an event, once it is kept: a count, a log line, a business event."""

from __future__ import annotations

import datetime as dt
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.kernel import instrumentation, metrics
from apps.kernel.logs import level_of_event
from apps.kernel.tenant import current_tenant

if TYPE_CHECKING:
    from .base import Event

log = logging.getLogger("bursar.events")


def note_after_commit(event: Event, payload: dict[str, Any], at: dt.datetime) -> None:
    """Best effort: whatever goes wrong here, the change is kept and the event is heard."""
    transaction.on_commit(partial(_note, event, payload, at), robust=True)


def _note(event: Event, payload: dict[str, Any], at: dt.datetime) -> None:
    metrics.EVENTS.labels(type(event).__module__.split(".")[1], event.name).inc()
    log.log(level_of_event(event.name), "%s", event.name, extra={"aggregate": event.aggregate})
    if name := event.instrumented_as:
        tenant = current_tenant()
        instrumentation.tell(
            instrumentation.Happening(
                name=name,
                tenant_id=tenant.id if tenant else None,
                ids=instrumentation.ids_of(name, payload),
                at=at,
            )
        )
