from django.utils.translation import gettext_lazy as _

from apps.kernel.manifest import Module

MODULE = Module(
    name="schema-migrations",
    version="1.0.0",
    description=_("Migrations of many schemas: planned once, applied to each, and checked before a release."),
    dependencies=("console", "tenancy"),
)
