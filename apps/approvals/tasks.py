"""Scheduled tasks of approvals."""

from __future__ import annotations

from apps.bus import dispatch
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from . import queries
from .commands import CloseRequest
from .execution import ACTOR


@every(seconds=60, base=LowTask, name="approvals.close_requests")
def close_requests() -> None:
    """Close requests that expired, or whose data has changed."""
    for request_id, state, outcome in queries.requests_to_close():
        dispatch(CloseRequest(request_id=request_id, state=state, outcome=outcome), actor=ACTOR)
