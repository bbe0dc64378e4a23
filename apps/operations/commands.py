"""The journeys that can be asked for.

Each step commits by itself. A journey that was cut off is gone on with by the workers, or when it is asked for again.
"""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class OnboardTenant(Command):
    """Set up a new customer: schema, settings, first company, calendar, books, and an owner who chooses a password by
    link.

    Each step commits by itself, so a journey that was cut off goes on when it is asked for again. When a step fails,
    all of it is removed. With `trial_days` the tenant begins on trial.
    """

    permission = "tenancy.onboard_tenant"
    atomic = False
    platform = True
    audit_message = "onboarded the tenant {name}"

    slug: str
    name: str
    owner_email: str
    owner_name: str = ""
    currency: str = "USD"
    plan: str = ""
    trial_days: int = 0
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class _TurnTenant(Command):
    atomic = False
    platform = True

    tenant_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SuspendTenant(_TurnTenant):
    """Close a tenant to its users for a while. Apps do what is theirs to do meanwhile, such as archiving what is past
    its time in its audit log, and its administrators are told why."""

    permission = "tenancy.suspend_tenant"
    audit_message = "suspended the tenant {result}"


@dataclass(frozen=True, kw_only=True)
class ActivateTenant(_TurnTenant):
    """Open a tenant again that was suspended or archived. Its administrators are told."""

    permission = "tenancy.activate_tenant"
    audit_message = "activated the tenant {result}"


@dataclass(frozen=True, kw_only=True)
class ArchiveTenant(_TurnTenant):
    """Put a tenant to rest: its data is kept, and nobody works there any more."""

    permission = "tenancy.archive_tenant"
    audit_message = "archived the tenant {result}"


@dataclass(frozen=True, kw_only=True)
class MoveTenant(_TurnTenant):
    """Move a tenant to another database. Meanwhile it can be read and not changed; when it is proved to be there as a
    whole, it works there."""

    permission = "tenancy.move_tenant"
    audit_message = "moved the tenant {result} to the database {database}"

    database: str


@dataclass(frozen=True, kw_only=True)
class EraseTenant(_TurnTenant):
    """Queue a tenant for deletion. When the days of grace are over its schema, files and everything else of it are gone
    for ever; until then it can be called off. Refused while the law has its books kept."""

    permission = "tenancy.erase_tenant"
    audit_message = "queued the tenant {result} for deletion"


@dataclass(frozen=True, kw_only=True)
class CancelErasure(_TurnTenant):
    """Call off the erasure of a tenant that is queued for deletion. It is archived again."""

    permission = "tenancy.erase_tenant"
    audit_message = "called off the erasure of the tenant {result}"


@dataclass(frozen=True, kw_only=True)
class TellAdministrators(Command):
    """Tell those who are in charge at a tenant what becomes of it."""

    permission = "tenancy.suspend_tenant"
    atomic = False
    platform = True
    audit_message = "told {result} administrators of tenant {tenant_id} that it is {news}"

    tenant_id: int
    news: str
    reason: str
