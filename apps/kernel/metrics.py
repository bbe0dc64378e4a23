"""What is counted and timed, in memory, and read by Prometheus at /metrics.

Several processes add up through files in PROMETHEUS_MULTIPROC_DIR, and one that ends leaves its counts there. So
these are counters and histograms; what can go down again is asked of the database. Labels are few and known
beforehand: routes and not paths, and no tenant, since hundreds of tenants times every other label would be a series
each. What happened at one tenant is in the log and in the audit log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from django.conf import settings
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
WAITS = (0.01, 0.1, 0.5, 1, 5, 15, 30, 60, 90, 120, 600)
disable_created_metrics()  # type: ignore[no-untyped-call]  # a time of birth for each series says nothing and doubles the page
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter("bursar_http_requests", "Requests answered.", ("module", "route", "method", "status"))
REQUEST_SECONDS = Histogram(
    "bursar_http_request_seconds", "How long an answer took.", ("module", "route", "method"), buckets=SECONDS
)
COMMANDS = Counter("bursar_commands", "Commands done, refused or failed.", ("module", "command", "outcome"))
COMMAND_SECONDS = Histogram(
    "bursar_command_seconds", "How long a command took.", ("module", "command"), buckets=SECONDS
)
TASKS = Counter("bursar_tasks", "Tasks ended.", ("queue", "task", "outcome"))
TASK_SECONDS = Histogram(
    "bursar_task_seconds", "How long a task took.", ("queue", "task"), buckets=(*SECONDS, 30, 60, 120)
)
QUEUE_WAIT_SECONDS = Histogram(
    "bursar_queue_wait_seconds", "How long a task waited for a worker.", ("queue",), buckets=WAITS
)
DELIVERIES = Counter(
    "bursar_deliveries", "Events handled, failed, or dead.", ("module", "subscriber", "outcome")
)
EVENTS = Counter("bursar_events_published", "Events published.", ("module", "event"))
CACHE = Counter("bursar_cache_lookups", "Where an answer was found.", ("area", "found"))
INSTRUMENTED = Counter("bursar_instrumented_events", "Business events by name.", ("name",))
GAUGES: dict[str, Gauge] = {}


@dataclass(frozen=True)
class Gauge:
    """What is read from the database at each scrape, and so may go down again."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name in GAUGES:
            raise TypeError(f"The gauge {self.name} is declared twice.")
        GAUGES[self.name] = self

    def read(self, value: float | None = None) -> GaugeMetricFamily:
        """What one scrape found: a value, or one for each set of labels that is added."""
        return GaugeMetricFamily(self.name, self.help, value=value, labels=self.labels or None)


@contextmanager
def timed(seconds: Histogram, *labels: str) -> Iterator[None]:
    began = perf_counter()
    try:
        yield
    finally:
        seconds.labels(*labels).observe(perf_counter() - began)


def clean(folder: Path) -> None:
    """Before the first process starts: what an earlier run counted is gone, as its processes are."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)


def exposed(*collectors: Collector) -> bytes:
    """Everything, in Prometheus's text format, with what these collectors read now."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    if settings.METRICS_FOLDER:
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return bytes(generate_latest(registry))
    return bytes(generate_latest(REGISTRY) + generate_latest(registry))
