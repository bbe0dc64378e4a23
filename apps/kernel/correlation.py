"""One id joins everything that came of one request: log lines, audit rows, events, tasks, answers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from .ids import CORRELATION_ID, new_correlation_id

HEADER = "X-Correlation-ID"

_correlation: ContextVar[str | None] = ContextVar("correlation_id", default=None)
_causation: ContextVar[str | None] = ContextVar("causation_id", default=None)


def correlation_id() -> str | None:
    return _correlation.get()


def causation_id() -> str | None:
    """The event that made this happen, where one did."""
    return _causation.get()


@contextmanager
def correlated(correlation: str | None = None, *, causation: str | None = None) -> Iterator[str]:
    """Everything inside the block belongs to `correlation` (made new when there is none yet)."""
    chosen = correlation or _correlation.get() or new_correlation_id()
    tokens = _correlation.set(chosen), _causation.set(causation or _causation.get())
    try:
        yield chosen
    finally:
        _correlation.reset(tokens[0])
        _causation.reset(tokens[1])


class CorrelationMiddleware:
    """First of all: takes the caller's X-Correlation-ID if it is well-formed, makes one otherwise, says it back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.headers.get(HEADER, "")
        with correlated(asked if CORRELATION_ID.match(asked) else new_correlation_id()) as chosen:
            response = self.get_response(request)
            response[HEADER] = chosen
            return response
