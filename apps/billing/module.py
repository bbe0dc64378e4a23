from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="billing",
    version="1.0.0",
    description=_("Plans, and the subscriptions of tenants."),
    dependencies=("identity", "tenancy"),
    publishes=("subscription.changed",),
    router="apps.billing.api.urls",
    grants={"owner": ("billing.view_own_plan",)},
)
