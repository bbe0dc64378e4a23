"""One id joins everything that came of one request: log lines, audit rows, events, tasks, answers.

Beside it travel what caused this piece of work, and its place in a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from . import traceparent
from .ids import CORRELATION_ID, new_correlation_id
from .traceparent import Trace, current_trace, new_trace

HEADER = "X-Correlation-ID"

_correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_causation: ContextVar[str | None] = ContextVar("causation_id", default=None)


def correlation_id() -> str | None:
    return _correlation.get()


def causation_id() -> str | None:
    """The event that made this happen, where one did."""
    return _causation.get()


@contextmanager
def correlated(
    correlation: str | None = None, *, causation: str | None = None, trace: Trace | str | None = None
) -> Iterator[str]:
    """Everything inside the block belongs to `correlation` (made new when there is none yet) and to `trace`: this
    very place, or a child of the one that a traceparent tells."""
    chosen = correlation or _correlation.get() or new_correlation_id()
    tokens = (
        _correlation.set(chosen),
        _causation.set(causation or _causation.get()),
        traceparent._trace.set(_place(trace)),
    )
    try:
        yield chosen
    finally:
        _correlation.reset(tokens[0])
        _causation.reset(tokens[1])
        traceparent._trace.reset(tokens[2])


def carried() -> dict[str, str]:
    """What must go along with a message, so that its receiver may go on with `correlated`."""
    words = {
        "correlation_id": correlation_id(),
        "causation_id": causation_id(),
        traceparent.HEADER: current_trace(),
    }
    return {name: str(word) for name, word in words.items() if word}


class CorrelationMiddleware:
    """First of all: takes the caller's X-Correlation-ID if it is well-formed, makes one otherwise, says it back.

    A public caller's traceparent is only noted, unless settings.TRUST_TRACEPARENT: whoever chooses trace ids also
    chooses what is recorded. A proxy of ours may be trusted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get(HEADER, "")
        chosen = asked if CORRELATION_ID.match(asked) else new_correlation_id()
        with correlated(chosen, trace=_trace_of(request)):
            response = self.get_response(request)
            response[HEADER] = chosen
            return response


def _trace_of(request: HttpRequest) -> Trace:
    theirs = traceparent.parse(request.headers.get(traceparent.HEADER, ""))
    if theirs and settings.TRUST_TRACEPARENT:
        return theirs.child()
    return new_trace(flags=settings.TRACE_FLAGS, caller=theirs.trace_id if theirs else "")


def _place(trace: Trace | str | None) -> Trace:
    """The given place, a child of the one that is told, the one where we are, or a new trace."""
    if isinstance(trace, Trace):
        return trace
    told = traceparent.parse(trace) if trace else None
    return told.child() if told else current_trace() or new_trace(flags=settings.TRACE_FLAGS)
