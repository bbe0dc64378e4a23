"""Start-up checks: whoever is to be told of business events and spans is there, or nothing starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from apps.events import EVENTS
from apps.kernel import instrumentation, tracing


@register()
def watchers_are_there(**_: Any) -> list[CheckMessage]:
    """Every driver of INSTRUMENTATION can be made, and OpenTelemetry is installed where a collector is named."""
    try:
        instrumentation.drivers(tuple(settings.INSTRUMENTATION_DRIVER))
        tracing.ready()
    except (ImportError, ImproperlyConfigured) as error:
        return [Error(str(error), id="monitoring.E001")]
    return []


@register()
def business_events_bring_their_ids(**_: Any) -> list[CheckMessage]:
    """An event that is instrumented has the name and the ids that those who watch rely on (rows OBS-12 to OBS-16)."""
    return [
        Error(f"{event.name}: {fault}", id="monitoring.E002")
        for event in EVENTS.values()
        if event.instrumented_as and (fault := instrumentation.fault_of(event.instrumented_as, event))
    ]
