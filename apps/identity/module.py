from apps.kernel.manifest import Module

MODULE = Module(
    name="identity",
    version="1.0.0",
    description="Who may come in, and what each may do.",
    dependencies=("audit", "modules", "tenancy"),
    router="apps.identity.api.urls",
    grants={
        "owner": ("identity.manage_users", "identity.view_user"),
        "controller": ("identity.view_user",),
        "auditor": ("identity.view_user",),
    },
)
