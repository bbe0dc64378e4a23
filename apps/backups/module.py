from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="backups",
    version="1.0.0",
    description=_("Backups, restores, clones and moves of whole tenants."),
    dependencies=("audit", "tenancy"),
)
