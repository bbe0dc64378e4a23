"""Spans of work for tracing tools.

Spans are only recorded if settings.OTLP_ENDPOINT names a collector; trace ids are propagated always.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from django.conf import settings

from apps.kernel.correlation import HEADER, correlation_id

from .traceparent import HEADER as TRACEPARENT
from .traceparent import Trace, current_trace

Kind = Literal["internal", "server", "consumer", "producer", "client"]


def outgoing_headers() -> dict[str, str]:
    """The HTTP headers with the correlation id and trace context for another system."""
    values = {HEADER: correlation_id(), TRACEPARENT: current_trace()}
    return {name: str(value) for name, value in values.items() if value}


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, str | int] = MappingProxyType({}),
    *,
    kind: Kind = "internal",
    links: Sequence[Trace | None] = (),
) -> Iterator[None]:
    """The block is a span of the current trace. `links` are further spans that caused it.

    Raises ImproperlyConfigured where a collector is named and OpenTelemetry is not installed.
    """
    if not settings.OTLP_ENDPOINT:
        yield
        return
    from . import otlp  # optional packages

    with otlp.recorded(name, kind, [link for link in links if link], attributes):
        yield


def ready() -> None:
    """Raises ImproperlyConfigured at the start of the process instead of at the first span."""
    if settings.OTLP_ENDPOINT:
        from . import otlp  # noqa: F401


def flush() -> None:
    """Send recorded spans before the process ends."""
    if settings.OTLP_ENDPOINT:
        from . import otlp

        otlp.flush()
