"""Errors of the set of modules."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Refusal


class ModulesRefusal(Refusal):
    """Base of the errors of the module system."""


class ContractBroken(ModulesRefusal):
    message = _("The manifest of {app} is invalid: {why}")


class DependencyMissing(ModulesRefusal):
    message = _("The module {module} depends on {dependency}, which is not installed.")


class DependenciesCircular(ModulesRefusal):
    message = _("These modules depend on each other in a cycle: {circle}")
