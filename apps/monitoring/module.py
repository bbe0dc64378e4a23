from apps.kernel.manifest import Module

MODULE = Module(
    name="monitoring",
    version="1.0.0",
    description="Oversight: queues, deliveries and the life story of a request.",
    dependencies=("audit", "console", "events", "tenancy"),
    router="apps.monitoring.api.urls",
)
