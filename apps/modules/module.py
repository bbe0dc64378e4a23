from apps.kernel.manifest import Module

MODULE = Module(
    name="modules",
    version="1.0.0",
    description="Manifests of the apps, their order, and the URLs of their endpoints.",
    dependencies=("events",),
)
