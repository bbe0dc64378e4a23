"""Metrics, traces and instrumentation events."""

from django.core.exceptions import ImproperlyConfigured

from config.env import env

_DRIVERS = {
    "log": "apps.kernel.observability.instrumentation.LogDriver",
    "prometheus": "apps.kernel.observability.instrumentation.PrometheusDriver",
    "otlp": "apps.kernel.observability.instrumentation.OtlpDriver",
}
if _unknown := [name for name in env().instrumentation if name not in _DRIVERS and "." not in name]:
    raise ImproperlyConfigured(
        f"INSTRUMENTATION names {', '.join(_unknown)}: available are {', '.join(_DRIVERS)} and dotted paths."
    )
INSTRUMENTATION_DRIVER = [_DRIVERS.get(name, name) for name in env().instrumentation]
"""Each driver receives every instrumented business event, after its commit."""

METRICS_FOLDER = env().prometheus_multiproc_dir
"""Folder for metrics of all processes of a machine; empty: each process reports its own."""
if METRICS_FOLDER:
    METRICS_FOLDER.mkdir(parents=True, exist_ok=True)
_token = env().metrics_token
METRICS_TOKEN = _token.get_secret_value() if _token else ""
"""Bearer token of a scraper of /metrics."""

OTLP_ENDPOINT = env().otel_exporter_otlp_endpoint or ""
TRACE_FLAGS = 1 if OTLP_ENDPOINT else 0
TRUST_TRACEPARENT = env().trust_traceparent
"""Set only behind a proxy that removes `traceparent` of public requests."""
