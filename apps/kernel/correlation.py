"""Correlation: one id joins the log lines, audit records, events, tasks and responses of one request.

The id of the causing event and the W3C trace context travel with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .ids import CORRELATION_ID, new_correlation_id
from .observability import traceparent
from .observability.traceparent import Trace, current_trace, new_trace

HEADER = "X-Correlation-ID"

_correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_causation: ContextVar[str | None] = ContextVar("causation_id", default=None)


def correlation_id() -> str | None:
    return _correlation.get()


def causation_id() -> str | None:
    """The event that caused the current work, if any."""
    return _causation.get()


@contextmanager
def correlated(
    correlation: str | None = None, *, causation: str | None = None, trace: Trace | str | None = None
) -> Iterator[str]:
    """Everything inside the block belongs to `correlation` (by default the current or a new one) and to `trace`: this
    span, or a child of the one in a traceparent header."""
    chosen = correlation or _correlation.get() or new_correlation_id()
    tokens = (
        _correlation.set(chosen),
        _causation.set(causation or _causation.get()),
        traceparent._trace.set(_span(trace)),
    )
    try:
        yield chosen
    finally:
        _correlation.reset(tokens[0])
        _causation.reset(tokens[1])
        traceparent._trace.reset(tokens[2])


def carried() -> dict[str, str]:
    """The headers of a message that its receiver passes to `correlated`."""
    values = {
        "correlation_id": correlation_id(),
        "causation_id": causation_id(),
        traceparent.HEADER: current_trace(),
    }
    return {name: str(value) for name, value in values.items() if value}


class CorrelationMiddleware:
    """The outermost middleware: takes the caller's X-Correlation-ID if it is well-formed, creates one otherwise, and
    returns it in the response.

    A public caller's traceparent is only logged, because its sampling flag would decide what is recorded, unless
    settings.TRUST_TRACEPARENT is set behind a trusted proxy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = request.headers.get(HEADER, "")
        chosen = header if CORRELATION_ID.match(header) else new_correlation_id()
        with correlated(chosen, trace=_trace_of(request)):
            response = self.get_response(request)
            response[HEADER] = chosen
            return response


def _trace_of(request: HttpRequest) -> Trace:
    parent = traceparent.parse(request.headers.get(traceparent.HEADER, ""))
    if parent and settings.TRUST_TRACEPARENT:
        return parent.child()
    return new_trace(flags=settings.TRACE_FLAGS, caller=parent.trace_id if parent else "")


def _span(trace: Trace | str | None) -> Trace:
    """The given span, a child of the one in the header, the current one, or a new trace."""
    if isinstance(trace, Trace):
        return trace
    parent = traceparent.parse(trace) if trace else None
    return parent.child() if parent else current_trace() or new_trace(flags=settings.TRACE_FLAGS)
