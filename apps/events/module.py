from apps.kernel.manifest import Module

MODULE = Module(
    name="events",
    version="1.0.0",
    description="Facts: published in the transaction of the change, heard after it is kept.",
)
