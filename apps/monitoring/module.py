from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Health, Module
from apps.kernel.queues import wait_times


def health() -> Health:
    """Degraded while a queue is late or the broker is unreachable."""
    try:
        return "degraded" if any(queue.alert for queue in wait_times.queue_statuses()) else "healthy"
    except wait_times.BROKER_ERRORS:
        return "degraded"


MODULE = Module(
    name="monitoring",
    version="1.0.0",
    description=_(
        "Oversight: queues, deliveries, request traces, and the pages of the apps below the console."
    ),
    dependencies=("audit", "bus", "console", "events", "jobs", "notices", "sagas", "tenancy"),
    router="apps.monitoring.api.urls",
    health=health,
    grants=dict.fromkeys(("owner", "controller", "auditor"), ("monitoring.view_trace",)),
)
