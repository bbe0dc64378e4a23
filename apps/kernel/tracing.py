"""Spans: what a piece of work was part of and how long it took, for whoever collects traces.

Nothing is recorded unless settings.OTLP_ENDPOINT names a collector; ids travel all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Literal

from django.conf import settings

from .correlation import HEADER, correlation_id
from .traceparent import HEADER as TRACEPARENT
from .traceparent import Trace, current_trace

Kind = Literal["internal", "server", "consumer", "producer", "client"]


def outgoing_headers() -> dict[str, str]:
    """The HTTP headers that tell another system which request of ours this is."""
    words = {HEADER: correlation_id(), TRACEPARENT: current_trace()}
    return {name: str(word) for name, word in words.items() if word}


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, str | int] = MappingProxyType({}),
    *,
    kind: Kind = "internal",
    links: Sequence[Trace | None] = (),
) -> Iterator[None]:
    """The block is a span of the current trace. `links` are places elsewhere that it came from as well.

    Raises ImproperlyConfigured where a collector is named and OpenTelemetry is not installed.
    """
    if not settings.OTLP_ENDPOINT:
        yield
        return
    from . import otlp  # only where it is wanted

    with otlp.recorded(name, kind, [link for link in links if link], attributes):
        yield


def ready() -> None:
    """Raises ImproperlyConfigured, as `span` would, and before the first one."""
    if settings.OTLP_ENDPOINT:
        from . import otlp  # noqa: F401


def flush() -> None:
    """Send what is recorded: a process that ends would take it along."""
    if settings.OTLP_ENDPOINT:
        from . import otlp

        otlp.flush()
