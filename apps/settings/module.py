from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="settings",
    version="1.0.0",
    description=_("Business settings: typed, declared in code, read through one function."),
    dependencies=("audit", "events", "identity"),
    publishes=("setting.changed",),
    grants={
        "owner": ("settings.manage_settings", "settings.view_setting"),
        "controller": ("settings.manage_settings", "settings.view_setting"),
        "auditor": ("settings.view_setting",),
    },
)
