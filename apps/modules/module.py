from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="modules",
    version="1.0.0",
    description=_("Manifests of the apps, their order, and the URLs of their endpoints."),
    dependencies=("events",),
)
