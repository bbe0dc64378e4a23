"""Refusals of tenancy."""

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Forbidden, Invalid, Locked, NotFound, Unavailable
from apps.kernel.reasons import ReasonRequired


class TenantUnknown(NotFound):
    message = _("There is no tenant {slug!r}.")


class TenantNotReady(Unavailable):
    message = _("{name} is still being set up.")
    retry_after = 10


class TenantInMaintenance(Unavailable):
    message = _("{name} is in maintenance. Try again in a minute.")
    retry_after = 60


class TenantIsReadOnly(Locked):
    message = _("{name} is read-only at present. Try again in a minute.")
    retry_after = 60


class TenantIsSuspended(Forbidden):
    message = _("{name} is suspended.")


class TenantIsArchived(Forbidden):
    message = _("{name} is archived: administrators can read, and nothing can be changed.")


class TenantIsQueuedForDeletion(Forbidden):
    message = _("{name} is closed for good and will be deleted.")


class TenantCannotBecome(Conflict):
    message = _("{name} is {state}, and cannot become: {to}.")
    enforced_by = ("BT002",)


class TenantIsNotPending(Conflict):
    message = _("{name} has been set up: it is not discarded, it is archived or erased.")


class TenantEpochMustGrow(Conflict):
    message = _("The epoch of {name} only grows: sessions and tokens of an earlier epoch must stay invalid.")
    enforced_by = ("BT003",)


class ReasonMissing(ReasonRequired):
    """For a change of a tenant by an operator."""


class ModeUnknown(Invalid):
    message = _("{mode!r} is not a mode. Use normal, read_only or maintenance.")


class SlugTaken(Conflict):
    message = _("The short name {slug!r} is taken.")
    enforced_by = ("tenancy_tenant_slug_key",)


class SlugMalformed(Invalid):
    message = _(
        "{slug!r} cannot be a short name: use 2 to 40 of a–z, 0–9 and hyphens, beginning with a letter."
    )
    enforced_by = ("tenant_slug_is_a_dns_label",)


class SlugConfusable(Conflict):
    message = _("The short name {slug!r} looks like {other!r}, which exists.")
    enforced_by = ("tenant_slug_is_unlike_others",)


class SlugWasUsed(Conflict):
    message = _(
        "The short name {slug!r} was that of another tenant, or looks like it: its address leads there."
    )
    enforced_by = ("BT004",)


class HostTaken(Conflict):
    message = _("The host name {host!r} is that of another tenant.")
    enforced_by = ("tenancy_domain_domain_key",)


class TenantNameMissing(Invalid):
    message = _("A tenant needs a name.")


class SlugReserved(Invalid):
    message = _("The short name {slug!r} is reserved for the platform, or looks like a reserved one.")
    enforced_by = ("tenant_slug_is_not_reserved",)


class DatabaseUnknown(NotFound):
    message = _("There is no database {key!r}: its address is not in the environment.")


class NoDatabaseHasCapacity(Unavailable):
    message = _("No database in {region} has capacity for a new tenant. Raise a capacity, or add a database.")


class TenantIsPinned(Conflict):
    message = _("{name} is pinned to its database {database}.")


class SchemaPrefixMismatch(Conflict):
    message = _(
        "TENANT_SCHEMA_PREFIX is {prefix}, but existing tenants have other schemas, such as {schema}. Restore the"
        " former prefix."
    )


class NoBlueprint(Unavailable):
    message = _("No blueprint of a tenant schema is prepared: run `manage.py migrate_schemas` first.")
    enforced_by = ("BT001",)
