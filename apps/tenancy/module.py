from apps.kernel.manifest import Module

MODULE = Module(
    name="tenancy",
    version="1.0.0",
    description="Tenants: whose data it is, where it lies, and how a request finds it.",
    dependencies=("audit", "events"),
    publishes=(
        "tenant.activated",
        "tenant.archived",
        "tenant.erased",
        "tenant.mode_changed",
        "tenant.queued_for_deletion",
        "tenant.suspended",
    ),
    router="apps.tenancy.api.urls",
)
