"""What the bus refuses."""

from apps.kernel.errors import Forbidden, Invalid, Refusal


class BusRefusal(Refusal):
    """The family of the bus."""


class MayNot(BusRefusal, Forbidden):
    message = "{actor} may not {title}: the permission {permission} is missing."


class MayNotRead(BusRefusal, Forbidden):
    message = "{actor} may not see this: the permission {permission} is missing."


class TextTooLong(BusRefusal, Invalid):
    message = "A text is longer than what is kept of it."
    enforced_by = ("22001",)


class NumberTooLarge(BusRefusal, Invalid):
    message = "A number is larger than what can be kept."
    enforced_by = ("22003",)
