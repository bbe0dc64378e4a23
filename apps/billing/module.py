from apps.kernel.manifest import Module

MODULE = Module(
    name="billing",
    version="1.0.0",
    description="Plans, and the subscriptions of tenants.",
    dependencies=("identity", "tenancy"),
    publishes=("subscription.changed",),
    router="apps.billing.api.urls",
    grants={"owner": ("billing.view_own_plan",)},
)
