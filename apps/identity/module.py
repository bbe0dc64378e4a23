from apps.kernel.manifest import Module

MODULE = Module(
    name="identity",
    version="1.0.0",
    description="Who may come in, and what each may do.",
    dependencies=("audit", "modules", "tenancy"),
    publishes=("refresh_token.reused", "support.entered", "support.left"),
    router="apps.identity.api.urls",
    grants={
        "owner": ("identity.manage_users", "identity.view_user", "identity.view_visit"),
        "controller": ("identity.view_user", "identity.view_visit"),
        "auditor": ("identity.view_user", "identity.view_visit"),
    },
)
