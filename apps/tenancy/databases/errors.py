"""What a move at work refuses."""

from apps.kernel.errors import Conflict, Unavailable
from apps.tenancy.errors import TenancyRefusal


class MoveRefusal(TenancyRefusal):
    """The family of moves while a tenant is at work."""


class CannotFollow(MoveRefusal, Unavailable):
    message = "Nobody may follow what is written in {database}: DATABASE_MOVERS has no address for it."


class LiesThereAlready(MoveRefusal, Conflict):
    message = "{name} lies in {database} already."


class DoesNotComeLevel(MoveRefusal, Unavailable):
    message = "{name} stays where it is: {waiting} did not come to an end in time."


class BlueprintDiffers(MoveRefusal, Unavailable):
    message = "{name} has other migrations than {database} makes: run `manage.py migrate_schemas` first."


class CopyDiffers(MoveRefusal, Conflict):
    message = "The copy of {name} is not what was copied, and was removed again: {tables}."
