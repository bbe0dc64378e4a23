"""What operations refuse."""

from apps.kernel.errors import Conflict, Invalid, Refusal


class OperationsRefusal(Refusal):
    """The family of operations."""


class NameMissing(OperationsRefusal, Invalid):
    message = "A tenant needs a name."


class JourneyUnderWay(OperationsRefusal, Conflict):
    message = "{journey} of {slug} is under way at this moment, at “{step}”."


class JourneyDiffers(OperationsRefusal, Conflict):
    message = (
        "{journey} of {slug} was begun with other details and is under way, at “{step}”. It ends by itself."
    )


class JourneyTakenBack(OperationsRefusal, Conflict):
    message = "{journey} of {slug} was taken back: {why}"
