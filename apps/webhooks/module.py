from apps.kernel.manifest import Module

MODULE = Module(
    name="webhooks",
    version="1.0.0",
    description="What tenants tell other systems, and what other systems tell them.",
    dependencies=("bus",),
)
