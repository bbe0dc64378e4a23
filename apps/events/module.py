from apps.kernel.manifest import Module

MODULE = Module(
    name="events",
    version="1.0.0",
    description="Events: published in the transaction of the change, delivered after its commit.",
)
