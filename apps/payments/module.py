from apps.kernel.manifest import Module

MODULE = Module(
    name="payments",
    version="1.0.0",
    description="Payments and refunds.",
    dependencies=("ledger",),
)
