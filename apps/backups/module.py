from apps.kernel.manifest import Module

MODULE = Module(
    name="backups",
    version="1.0.0",
    description="Backups, restores, clones and moves of whole tenants.",
    dependencies=("audit", "tenancy"),
)
