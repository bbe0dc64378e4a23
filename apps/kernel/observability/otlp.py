"""Export of spans to settings.OTLP_ENDPOINT by OpenTelemetry, which is optional.

Trace and span ids come from `traceparent.py`, and OpenTelemetry records them, so that log lines, events and spans agree
with or without a collector.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.tenant import current_tenant

from . import traceparent
from .traceparent import Trace, current_trace, new_trace

try:
    from opentelemetry import trace as api
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import IdGenerator
except ImportError as missing:
    raise ImproperlyConfigured(
        "OTLP needs OpenTelemetry: pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http, "
        "or unset OTEL_EXPORTER_OTLP_ENDPOINT and leave otlp out of INSTRUMENTATION."
    ) from missing

_recorded: ContextVar[str] = ContextVar("recorded_span_id", default="")
"""The id of the innermost recorded span; work inside it needs a new one."""


class CurrentSpanIds(IdGenerator):
    """The ids of the current span."""

    def generate_trace_id(self) -> int:
        return int(_required_trace().trace_id, 16)

    def generate_span_id(self) -> int:
        return int(_required_trace().span_id, 16)


@contextmanager
def recorded(
    name: str, kind: str, links: Sequence[Trace], attributes: Mapping[str, str | int]
) -> Iterator[None]:
    trace = current_trace() or new_trace(flags=traceparent.SAMPLED)
    if trace.span_id == _recorded.get():
        trace = trace.child()
    tokens = traceparent._trace.set(trace), _recorded.set(trace.span_id)
    try:
        with tracer().start_as_current_span(
            name,
            context=_parent(trace),
            kind=api.SpanKind[kind.upper()],
            links=[api.Link(_span_context(link)) for link in links],
            attributes={**_attributes(trace), **attributes},
        ) as span:
            sampled = span.get_span_context().trace_flags & traceparent.SAMPLED
            traceparent._trace.set(replace(trace, flags=sampled))
            yield
    finally:
        traceparent._trace.reset(tokens[0])
        _recorded.reset(tokens[1])


_providers: dict[int, TracerProvider] = {}


def tracer() -> api.Tracer:
    """The tracer of this process, created on first use, because the exporting thread does not survive a fork."""
    pid = os.getpid()
    if pid not in _providers:
        _providers.clear()
        provider = TracerProvider(
            resource=Resource.create({"service.name": "bursar"}), id_generator=CurrentSpanIds()
        )
        endpoint = f"{settings.OTLP_ENDPOINT.rstrip('/')}/v1/traces"
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        _providers[pid] = provider
    return _providers[pid].get_tracer("bursar")


def flush() -> None:
    """Send now what is recorded."""
    for provider in _providers.values():
        provider.force_flush()


def _parent(trace: Trace) -> Any:
    """An OpenTelemetry context with only the parent."""
    if not trace.parent_id:
        return api.set_span_in_context(api.INVALID_SPAN)
    above = replace(trace, span_id=trace.parent_id)
    return api.set_span_in_context(api.NonRecordingSpan(_span_context(above)))


def _span_context(trace: Trace) -> api.SpanContext:
    return api.SpanContext(
        int(trace.trace_id, 16),
        int(trace.span_id, 16),
        is_remote=True,
        trace_flags=api.TraceFlags(trace.flags),
    )


def _attributes(trace: Trace) -> dict[str, str]:
    tenant = current_tenant()
    values = {
        "bursar.tenant": tenant.slug if tenant else "platform",
        "bursar.correlation_id": correlation_id() or "",
        "bursar.causation_id": causation_id() or "",
        "bursar.caller_trace_id": trace.caller,
    }
    return {name: value for name, value in values.items() if value}


def _required_trace() -> Trace:
    trace = current_trace()
    if trace is None:
        raise RuntimeError("A span is opened by apps.kernel.observability.tracing.span.")
    return trace
