"""Writing down what an endpoint is to be told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from apps.kernel.clock import now
from apps.kernel.correlation import correlation_id
from apps.kernel.ids import new_id

from . import hints
from .models import Endpoint, Message

TEST = "webhook.test"
"""The type of a message that tells nothing."""


def body_of(type_: str, at: dt.datetime, data: Mapping[str, Any], **more: Any) -> str:
    """The three words of the specification first, then ours."""
    said = {"type": type_, "timestamp": at.isoformat().replace("+00:00", "Z"), "data": data, **more}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def written(endpoint: Endpoint, type_: str, body: str, event_id: int | None = None) -> Message:
    """A message that waits to be sent; it is the caller who saves it."""
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


def wake(endpoint: Endpoint) -> None:
    """Once the change at hand is committed; the sweep finds it too."""
    hints.after_commit(hints.SEND, endpoint.pk)
