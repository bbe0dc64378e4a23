"""Refusals of an online move."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Unavailable
from apps.tenancy.errors import TenancyRefusal


class MoveRefusal(TenancyRefusal):
    """The family of online moves."""


class ReplicationNotConfigured(MoveRefusal, Unavailable):
    message = _("Changes in {database} cannot be replicated: DATABASE_MOVERS has no address for it.")


class AlreadyExists(MoveRefusal, Conflict):
    message = _("{name} is in {database} already.")


class ReplicaLagging(MoveRefusal, Unavailable):
    message = _("{name} was not moved: {waiting} did not finish in time.")


class BlueprintDiffers(MoveRefusal, Unavailable):
    message = _(
        "{name} and the template in {database} have different migrations: run `manage.py migrate_schemas` first."
    )


class CopyDiffers(MoveRefusal, Conflict):
    message = _("The copy of {name} differs from the source, and was deleted: {tables}.")
