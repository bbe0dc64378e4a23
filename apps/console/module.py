from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="console",
    version="1.0.0",
    description=_("The two admin sites and their building blocks."),
    dependencies=("audit", "bus", "events", "modules"),
)
