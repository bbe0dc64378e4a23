"""What operations refuse."""

from apps.kernel.errors import Invalid, Refusal


class OperationsRefusal(Refusal):
    """The family of operations."""


class NameMissing(OperationsRefusal, Invalid):
    message = "A tenant needs a name."
