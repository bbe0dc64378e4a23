from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="events",
    version="1.0.0",
    description=_("Events: published in the transaction of the change, delivered after its commit."),
)
