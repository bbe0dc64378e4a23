from apps.kernel.manifest import Module

MODULE = Module(
    name="schema-migrations",
    version="1.0.0",
    description="Migrations of many schemas: planned once, applied to each, and checked before a release.",
    dependencies=("console", "tenancy"),
)
