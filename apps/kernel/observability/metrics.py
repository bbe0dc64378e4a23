"""Metrics, read by Prometheus at /metrics.

Several processes are summed through files in PROMETHEUS_MULTIPROC_DIR, where counts of ended processes remain.
Therefore only counters and histograms live in memory; gauges are read from the database. Labels have few, known values:
routes instead of paths, and no tenants, which would multiply the series. The log and the audit log have the tenant.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
disable_created_metrics()  # creation times would double the page
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter("bursar_http_requests", "HTTP requests.", ("module", "route", "method", "status"))
REQUEST_SECONDS = Histogram(
    "bursar_http_request_seconds",
    "Duration of HTTP requests.",
    ("module", "route", "method"),
    buckets=SECONDS,
)
COMMANDS = Counter("bursar_commands", "Commands done, refused or failed.", ("module", "command", "outcome"))
COMMAND_SECONDS = Histogram(
    "bursar_command_seconds", "Duration of commands.", ("module", "command"), buckets=SECONDS
)
TASKS = Counter("bursar_tasks", "Tasks ended.", ("queue", "task", "outcome"))
TASK_SECONDS = Histogram(
    "bursar_task_seconds", "Duration of tasks.", ("queue", "task"), buckets=(*SECONDS, 30, 60, 120)
)
QUEUE_WAIT_SECONDS = Histogram(
    "bursar_queue_wait_seconds", "Time that tasks waited for a worker.", ("queue",), buckets=WAITS
)
DELIVERIES = Counter(
    "bursar_deliveries", "Events handled, failed, postponed, or dead.", ("module", "subscriber", "outcome")
)
EVENTS = Counter("bursar_events_published", "Events published.", ("module", "event"))
CACHE = Counter("bursar_cache_lookups", "Cache lookups by level.", ("area", "level"))
INSTRUMENTED = Counter("bursar_instrumented_events", "Business events by name.", ("name",))
FLAG_EVALUATIONS = Counter("bursar_feature_flag_evaluations", "Evaluations of feature flags.", ("reason",))
FLAG_EVALUATION_SECONDS = Histogram(
    "bursar_feature_flag_evaluation_latency_seconds",
    "Duration of evaluations of feature flags, of one in 1,024.",
    buckets=(5e-7, 1e-6, 2e-6, 5e-6, 1e-5, 5e-5, 1e-4, 1e-3, 5e-3),
)
GAUGES: dict[str, Gauge] = {}


@dataclass(frozen=True)
class Gauge:
    """A metric that is read from the database at each scrape, and may decrease."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name in GAUGES:
            raise TypeError(f"The gauge {self.name} is declared twice.")
        GAUGES[self.name] = self

    def read(self, value: float | None = None) -> GaugeMetricFamily:
        """The result of one scrape: a value, or a family to which one value for each set of labels is added."""
        return GaugeMetricFamily(self.name, self.help, value=value, labels=self.labels or None)


def clean(folder: Path) -> None:
    """Deletes the counts of an earlier run, before the first process starts."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.db"):
        path.unlink(missing_ok=True)


def exposed(*collectors: Collector) -> bytes:
    """All metrics in Prometheus's text format, with the current values of these collectors."""
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    if settings.METRICS_FOLDER:
        multiprocess.MultiProcessCollector(registry)
        return bytes(generate_latest(registry))
    return bytes(generate_latest(REGISTRY) + generate_latest(registry))
