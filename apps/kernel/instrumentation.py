"""Business events told to those who watch the business: how many orders, payments, refunds.

An event of ours names its instrumentation event in `instrumented_as`. After the commit every driver of
settings.INSTRUMENTATION_DRIVER is told; none of them can harm the change. A driver for another vendor is a class of
its own, named there by its dotted path.
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
"""The names there are, and the ids that each must bring (rows OBS-12…16)."""

log = logging.getLogger("bursar.instrumentation")


@dataclass(frozen=True, kw_only=True)
class BusinessEvent:
    """`ids` are the entities it is about; `tenant_id` is None for the platform's own."""

    name: str
    tenant_id: int | None
    ids: Mapping[str, int | str]
    at: dt.datetime


class Driver(Protocol):
    """Somebody who is told. It may be slow or fail: the change is kept all the same."""

    def record(self, happening: BusinessEvent) -> None: ...


class LogDriver:
    """One structured line each, on the logger bursar.instrumentation (row OBS-17)."""

    def record(self, happening: BusinessEvent) -> None:
        log.info(
            "%s",
            happening.name,
            extra={"tenant_id": happening.tenant_id, "at": happening.at.isoformat(), **happening.ids},
        )


class PrometheusDriver:
    """A counter by name; whose and which is in the log."""

    def record(self, happening: BusinessEvent) -> None:
        metrics.INSTRUMENTED.labels(happening.name).inc()


class OtlpDriver:
    """A span of no length with tenant and entity ids, to whatever speaks OTLP."""

    def __init__(self) -> None:
        from . import otlp  # optional packages

        if not settings.OTLP_ENDPOINT:
            raise ImproperlyConfigured("INSTRUMENTATION=otlp needs OTEL_EXPORTER_OTLP_ENDPOINT.")
        self._otlp = otlp

    def record(self, happening: BusinessEvent) -> None:
        about: dict[str, str | int] = {f"bursar.{name}": value for name, value in happening.ids.items()}
        about["bursar.tenant_id"] = happening.tenant_id if happening.tenant_id is not None else "platform"
        about["bursar.at"] = happening.at.isoformat()
        with self._otlp.recorded(happening.name, "internal", (), about):
            pass


def fault_of(name: str, event: type[Any]) -> str:
    """What is wrong with an event that says it is instrumented as `name`; empty when nothing is."""
    if name not in REQUIRED:
        return f"there is no instrumentation event {name}; there are {', '.join(REQUIRED)}"
    missing = set(REQUIRED[name]) - {field.name for field in fields(event)}
    return f"{name} must tell {', '.join(sorted(missing))}" if missing else ""


def ids_of(payload: Mapping[str, Any]) -> dict[str, int | str]:
    """Every id that the event tells."""
    return {key: value for key, value in payload.items() if key.endswith("_id") and value is not None}


def record(happening: BusinessEvent) -> None:
    for driver in drivers(tuple(settings.INSTRUMENTATION_DRIVER)):
        try:
            driver.record(happening)
        except Exception:
            log.exception("%s could not be told of %s.", type(driver).__name__, happening.name)


@cache
def drivers(paths: Sequence[str]) -> Sequence[Driver]:
    return tuple(import_string(path)() for path in paths)
