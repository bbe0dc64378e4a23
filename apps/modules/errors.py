"""What is wrong with a set of modules."""

from apps.kernel.errors import Refusal


class ModulesRefusal(Refusal):
    """The family of the module system."""


class ContractBroken(ModulesRefusal):
    message = "{app} does not declare itself as a module: {why}"


class DependencyMissing(ModulesRefusal):
    message = "The module {module} depends on {dependency}, which is not installed."


class DependenciesCircular(ModulesRefusal):
    message = "These modules depend on each other in a circle: {circle}"
