"""Errors of the set of modules."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Refusal


class ContractBroken(Refusal):
    message = _("The manifest of {app} is invalid: {why}")


class DependencyMissing(Refusal):
    message = _("The module {module} depends on {dependency}, which is not installed.")


class DependenciesCircular(Refusal):
    message = _("These modules depend on each other in a cycle: {circle}")
