"""Instrumentation: business events (orders, payments, refunds) reported to monitoring systems.

An event of Bursar names its business event in `instrumented_as`. After the commit, every driver in
settings.INSTRUMENTATION_DRIVER records it; a failing driver does not affect the change. To support another vendor,
add a class with the interface of `Driver` and name it there by its dotted path.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from . import metrics

REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "order_created": ("order_id",),
        "payment_confirmed": ("payment_id",),
        "invoice_issued": ("invoice_id",),
        "refund_processed": ("refund_id", "payment_id"),
        "subscription_changed": ("subscription_id",),
    }
)
"""Business events and their required ids."""

log = logging.getLogger("bursar.instrumentation")


@dataclass(frozen=True, kw_only=True)
class BusinessEvent:
    """`ids` are the entities concerned; `tenant_id` is None for events of the platform."""

    name: str
    tenant_id: int | None
    ids: Mapping[str, int | str]
    at: dt.datetime


class Driver(Protocol):
    """A target of business events. It runs after the commit, so it may be slow or fail."""

    def record(self, event: BusinessEvent) -> None: ...


class LogDriver:
    """One structured line for each event, on the logger bursar.instrumentation."""

    def record(self, event: BusinessEvent) -> None:
        log.info(
            "%s",
            event.name,
            extra={"tenant_id": event.tenant_id, "at": event.at.isoformat(), **event.ids},
        )


class PrometheusDriver:
    """A counter by name, without tenants and ids, which the log has."""

    def record(self, event: BusinessEvent) -> None:
        metrics.INSTRUMENTED.labels(event.name).inc()


class OtlpDriver:
    """A span of zero length with tenant and entity ids, sent to an OTLP collector."""

    def __init__(self) -> None:
        from . import otlp  # optional packages

        if not settings.OTLP_ENDPOINT:
            raise ImproperlyConfigured("INSTRUMENTATION=otlp needs OTEL_EXPORTER_OTLP_ENDPOINT.")
        self._otlp = otlp

    def record(self, event: BusinessEvent) -> None:
        attributes: dict[str, str | int] = {f"bursar.{name}": value for name, value in event.ids.items()}
        attributes["bursar.tenant_id"] = event.tenant_id if event.tenant_id is not None else "platform"
        attributes["bursar.at"] = event.at.isoformat()
        with self._otlp.recorded(event.name, "internal", (), attributes):
            pass


def fault_of(name: str, event: type[Any]) -> str:
    """The fault of an event class that is instrumented as `name`; empty if there is none."""
    if name not in REQUIRED:
        return f"there is no instrumentation event {name}; there are {', '.join(REQUIRED)}"
    missing = set(REQUIRED[name]) - {field.name for field in fields(event)}
    return f"{name} must have {', '.join(sorted(missing))}" if missing else ""


def ids_of(payload: Mapping[str, Any]) -> dict[str, int | str]:
    """The ids in the payload of an event."""
    return {key: value for key, value in payload.items() if key.endswith("_id") and value is not None}


def record(event: BusinessEvent) -> None:
    for driver in drivers(tuple(settings.INSTRUMENTATION_DRIVER)):
        try:
            driver.record(event)
        except Exception:
            log.exception("%s failed to record %s.", type(driver).__name__, event.name)


@cache
def drivers(paths: Sequence[str]) -> Sequence[Driver]:
    return tuple(import_string(path)() for path in paths)
