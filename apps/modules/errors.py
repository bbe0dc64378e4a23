"""Errors of the set of modules."""

from apps.kernel.errors import Refusal


class ModulesRefusal(Refusal):
    """Base of the errors of the module system."""


class ContractBroken(ModulesRefusal):
    message = "The manifest of {app} is invalid: {why}"


class DependencyMissing(ModulesRefusal):
    message = "The module {module} depends on {dependency}, which is not installed."


class DependenciesCircular(ModulesRefusal):
    message = "These modules depend on each other in a cycle: {circle}"
