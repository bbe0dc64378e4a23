from apps.kernel.manifest import Module

MODULE = Module(
    name="audit",
    version="1.0.0",
    description="Who did what, and why: one row per command and outcome, written once.",
    dependencies=("bus",),
    router="apps.audit.api.urls",
    grants={
        "owner": ("audit.view_record",),
        "controller": ("audit.view_record",),
        "auditor": ("audit.view_record",),
    },
)
