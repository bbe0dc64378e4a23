"""Refusals of tenancy."""

from apps.kernel.errors import Conflict, Forbidden, Invalid, Locked, NotFound, Refusal, Unavailable


class TenancyRefusal(Refusal):
    """The family of tenancy."""


class TenantUnknown(TenancyRefusal, NotFound):
    message = "There is no tenant {slug!r}."


class TenantNotReady(TenancyRefusal, Unavailable):
    message = "{name} is still being set up."
    retry_after = 10


class TenantInMaintenance(TenancyRefusal, Unavailable):
    message = "{name} is in maintenance. Try again in a minute."
    retry_after = 60


class TenantIsReadOnly(TenancyRefusal, Locked):
    message = "{name} is read-only at present. Try again in a minute."
    retry_after = 60


class TenantIsSuspended(TenancyRefusal, Forbidden):
    message = "{name} is suspended."


class TenantIsArchived(TenancyRefusal, Forbidden):
    message = "{name} is archived: administrators can read, and nothing can be changed."


class TenantIsQueuedForDeletion(TenancyRefusal, Forbidden):
    message = "{name} is closed for good and will be deleted."


class TenantCannotBecome(TenancyRefusal, Conflict):
    message = "{name} is {state}, and cannot become: {to}."
    enforced_by = ("BT002",)


class TenantIsNotPending(TenancyRefusal, Conflict):
    message = "{name} has been set up: it is not discarded, it is archived or erased."


class TenantEpochMustGrow(TenancyRefusal, Conflict):
    message = "The epoch of {name} only grows: sessions and tokens of an earlier epoch must stay invalid."
    enforced_by = ("BT003",)


class ReasonMissing(TenancyRefusal, Invalid):
    message = "Give a reason: it is recorded in the audit log."


class ModeUnknown(TenancyRefusal, Invalid):
    message = "{mode!r} is not a mode. Use normal, read_only or maintenance."


class SlugTaken(TenancyRefusal, Conflict):
    message = "The short name {slug!r} is taken."
    enforced_by = ("tenancy_tenant_slug_key",)


class SlugMalformed(TenancyRefusal, Invalid):
    message = "{slug!r} cannot be a short name: use 2 to 40 of a–z, 0–9 and hyphens, beginning with a letter."
    enforced_by = ("tenant_slug_is_a_dns_label",)


class SlugReserved(TenancyRefusal, Invalid):
    message = "The short name {slug!r} is reserved for the platform."


class DatabaseUnknown(TenancyRefusal, NotFound):
    message = "There is no database {key!r}: its address is not in the environment."


class NoDatabaseHasCapacity(TenancyRefusal, Unavailable):
    message = "No database in {region} has capacity for a new tenant. Raise a capacity, or add a database."


class TenantIsPinned(TenancyRefusal, Conflict):
    message = "{name} is pinned to its database {database}."


class SchemaPrefixMismatch(TenancyRefusal, Conflict):
    message = (
        "Existing tenants have schemas without the prefix {prefix}, such as {schema}. Keep their prefix."
    )


class NoBlueprint(TenancyRefusal, Unavailable):
    message = "No blueprint of a tenant schema is prepared: run `manage.py migrate_schemas` first."
    enforced_by = ("BT001",)
