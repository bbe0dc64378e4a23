"""Refusals of an online move."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Unavailable


class ReplicationNotConfigured(Unavailable):
    message = _("Changes in {database} cannot be replicated: DATABASE_MOVERS has no address for it.")


class AlreadyExists(Conflict):
    message = _("{name} is in {database} already.")


class ReplicaLagging(Unavailable):
    message = _("{name} was not moved: {waiting} did not finish in time.")


class BlueprintDiffers(Unavailable):
    message = _(
        "{name} and the template in {database} have different migrations: run `manage.py migrate_schemas` first."
    )


class CopyDiffers(Conflict):
    message = _("The copy of {name} differs from the source, and was deleted: {tables}.")
