"""What operations refuse."""

from apps.kernel.errors import Conflict, Invalid, Refusal


class OperationsRefusal(Refusal):
    """The family of operations."""


class NameMissing(OperationsRefusal, Invalid):
    message = "A tenant needs a name."


class NameTooLong(OperationsRefusal, Invalid):
    message = "A name has {most} letters at most: {name}"


class TrialOutOfRange(OperationsRefusal, Invalid):
    message = "A trial lasts {most} days at most, and 0 is none; {days} cannot be."


class ReasonMissing(OperationsRefusal, Invalid):
    message = "Say why: the reason stands in the audit log, and the tenant is told."


class KeptByLaw(OperationsRefusal, Conflict):
    message = "{name} cannot be erased before {until}: until then the law has {what} kept."


class SandboxesRemain(OperationsRefusal, Conflict):
    message = "{name} has sandboxes that must be erased first: {sandboxes}."


class NotQueuedForDeletion(OperationsRefusal, Conflict):
    message = "{name} is not queued for deletion, or its erasure has begun."


class JourneyUnderWay(OperationsRefusal, Conflict):
    message = "{journey} of {slug} is under way at this moment, at “{step}”."


class JourneyDiffers(OperationsRefusal, Conflict):
    message = (
        "{journey} of {slug} was begun with other details and is under way, at “{step}”. It ends by itself."
    )


class JourneyTakenBack(OperationsRefusal, Conflict):
    message = "{journey} of {slug} was taken back: {why}"


class MovedElsewhere(OperationsRefusal, Conflict):
    message = (
        "Only the owner of both databases can move it, and this process is not. Where the owner's addresses are"
        " (DATABASE_OWNER_URL and DATABASE_OWNER_SHARDS), run: {command}"
    )
