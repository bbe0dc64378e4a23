"""What the bus refuses."""

from apps.kernel.errors import Forbidden, Refusal


class BusRefusal(Refusal):
    """The family of the bus."""


class MayNot(BusRefusal, Forbidden):
    message = "{actor} may not {title}: the permission {permission} is missing."
