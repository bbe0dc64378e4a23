from apps.kernel.manifest import Module

MODULE = Module(
    name="sales",
    version="1.0.0",
    description="Customers, orders and invoices.",
    dependencies=("inventory", "payments", "sagas"),
)
