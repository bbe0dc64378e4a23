"""What operations refuse."""

from apps.kernel.errors import Conflict, Invalid, Refusal


class OperationsRefusal(Refusal):
    """The family of operations."""


class NameMissing(OperationsRefusal, Invalid):
    message = "A tenant needs a name."


class OnboardingUnderWay(OperationsRefusal, Conflict):
    message = "{slug} is being onboarded by somebody else at this moment."
