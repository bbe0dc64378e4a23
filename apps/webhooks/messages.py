"""Creation of messages."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from apps.kernel.clock import now
from apps.kernel.correlation import correlation_id
from apps.kernel.ids import new_id
from apps.kernel.queues.hints import HintedTask

from .models import Endpoint, Message

TEST = "webhook.test"
"""The type of a test message."""
SEND = HintedTask("webhooks.send", queue="billing")
"""Sends the due messages of an endpoint."""


def body_of(type_: str, at: dt.datetime, data: Mapping[str, Any], **more: Any) -> str:
    """The three keys of the specification, then Bursar's own."""
    payload = {"type": type_, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data, **more}
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False)


def new_message(endpoint: Endpoint, type_: str, body: str, event_id: int | None = None) -> Message:
    """A new pending message, not yet saved."""
    return Message(
        endpoint=endpoint,
        event_id=event_id,
        ref=f"msg_{new_id().hex}",
        type=type_,
        body=body,
        correlation_id=correlation_id() or "",
        next_at=now(),
        created_at=now(),
    )


def send_hint(endpoint: Endpoint) -> None:
    """Sends a hint after the commit; the sweep is the fallback."""
    SEND.hint_after_commit(endpoint.pk)
