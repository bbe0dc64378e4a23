"""What leaves the house for those who watch it: metrics, traces and instrumentation events."""

from django.core.exceptions import ImproperlyConfigured

from config.env import env

_DRIVERS = {
    "log": "apps.kernel.instrumentation.LogDriver",
    "prometheus": "apps.kernel.instrumentation.PrometheusDriver",
    "otlp": "apps.kernel.instrumentation.OtlpDriver",
}
if _unknown := [each for each in env().instrumentation if each not in _DRIVERS and "." not in each]:
    raise ImproperlyConfigured(
        f"INSTRUMENTATION names {', '.join(_unknown)}: known are {', '.join(_DRIVERS)} and dotted paths."
    )
INSTRUMENTATION_DRIVER = [_DRIVERS.get(each, each) for each in env().instrumentation]
"""Each is told of every business event that is instrumented, after its commit."""

METRICS_FOLDER = env().prometheus_multiproc_dir
"""Where the processes of one machine add up what they counted; empty: each process counts for itself."""
if METRICS_FOLDER:
    METRICS_FOLDER.mkdir(parents=True, exist_ok=True)
_token = env().metrics_token
METRICS_TOKEN = _token.get_secret_value() if _token else ""
"""What a scraper says to /metrics instead of logging in."""

OTLP_ENDPOINT = env().otel_exporter_otlp_endpoint or ""
TRACE_FLAGS = 1 if OTLP_ENDPOINT else 0
TRUST_TRACEPARENT = env().trust_traceparent
"""Only behind a proxy of ours that strips what the public says."""
