from apps.kernel import waiting
from apps.kernel.manifest import Health, Module


def health() -> Health:
    """Degraded while work waits too long anywhere, or nobody knows."""
    try:
        return "degraded" if any(each.alert for each in waiting.standing()) else "healthy"
    except waiting.BROKER_ERRORS:
        return "degraded"


MODULE = Module(
    name="monitoring",
    version="1.0.0",
    description="Oversight: queues, deliveries and the life story of a request.",
    dependencies=("audit", "console", "events", "notices", "tenancy"),
    router="apps.monitoring.api.urls",
    health=health,
    grants=dict.fromkeys(("owner", "controller", "auditor"), ("monitoring.view_trace",)),
)
