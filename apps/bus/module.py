from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="bus",
    version="1.0.0",
    description=_("Commands, and the one way they are done."),
    dependencies=("events",),
    publishes=("command.sent",),
    subscribes=("command.sent",),
)
