from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="operations",
    version="1.0.0",
    description=_("Sagas across apps, and oversight of tenants. It owns no business models."),
    dependencies=("companies", "identity", "ledger", "notices", "periods", "sagas", "tenancy"),
    subscribes=("entry.posted", "period.closed"),
    router="apps.operations.api.urls",
)
