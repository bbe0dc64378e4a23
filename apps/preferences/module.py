from apps.kernel.manifest import Module

MODULE = Module(
    name="preferences",
    version="1.0.0",
    description="What the business sets: typed, declared in code, read through one function.",
    dependencies=("audit", "events", "identity"),
    publishes=("setting.changed",),
    grants={
        "owner": ("preferences.manage_settings", "preferences.view_setting"),
        "controller": ("preferences.manage_settings", "preferences.view_setting"),
        "auditor": ("preferences.view_setting",),
    },
)
