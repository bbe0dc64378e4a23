"""System checks: the drivers of business events and spans are configured correctly."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from apps.events import EVENTS
from apps.kernel.observability import instrumentation, tracing


@register()
def instrumentation_must_be_configured(**_: Any) -> list[CheckMessage]:
    """Every driver of INSTRUMENTATION can be loaded, and OpenTelemetry is installed if a collector is configured."""
    try:
        instrumentation.drivers(tuple(settings.INSTRUMENTATION_DRIVER))
        tracing.ready()
    except (ImportError, ImproperlyConfigured) as error:
        return [Error(str(error), id="monitoring.E001")]
    return []


@register()
def business_events_must_have_ids(**_: Any) -> list[CheckMessage]:
    """An instrumented event has a known name and the ids that are required for dashboards."""
    return [
        Error(f"{event.name}: {fault}", id="monitoring.E002")
        for event in EVENTS.values()
        if event.instrumented_as and (fault := instrumentation.fault_of(event.instrumented_as, event))
    ]
