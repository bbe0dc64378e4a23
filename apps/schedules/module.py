from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

VIEW = "schedules.view_scheduledcommand"

MODULE = Module(
    name="schedules",
    version="1.0.0",
    description=_("Commands that are executed at a later time."),
    dependencies=("audit", "identity"),
    publishes=("scheduled_command.refused",),
    router="apps.schedules.api.urls",
    grants={
        "owner": ("schedules.schedule_command", VIEW),
        "controller": ("schedules.schedule_command", VIEW),
        "auditor": (VIEW,),
    },
)
