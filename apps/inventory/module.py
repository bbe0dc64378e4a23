from apps.kernel.manifest import Module

MODULE = Module(
    name="inventory",
    version="1.0.0",
    description="Items, stock and reservations.",
    dependencies=("ledger",),
)
