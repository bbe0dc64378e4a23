from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="tenancy",
    version="1.0.0",
    description=_("Tenants: their schemas, databases and lifecycle, and the routing of requests to them."),
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
