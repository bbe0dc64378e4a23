from apps.kernel.manifest import Module

MODULE = Module(
    name="console",
    version="1.0.0",
    description="The two admin sites and their building blocks.",
    dependencies=("audit", "bus", "events", "modules"),
)
