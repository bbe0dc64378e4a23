from apps.kernel.manifest import Module

MODULE = Module(
    name="operations",
    version="1.0.0",
    description="Journeys across apps, and oversight. It owns no business nouns.",
    dependencies=("companies", "identity", "ledger", "notices", "periods", "sagas", "tenancy"),
    subscribes=("entry.posted", "period.closed"),
    router="apps.operations.api.urls",
)
