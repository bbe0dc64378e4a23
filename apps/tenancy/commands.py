"""Commands of tenancy."""

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.bus.approval import approval_kind
from apps.kernel.plain import printed

DELETION = approval_kind(
    "tenancy.deletion", title=_("Erasure of a tenant"), permission="tenancy.erase_tenant"
)


@dataclass(frozen=True, kw_only=True)
class CreateTenant(Command):
    """Reserve a short name and create the tenant's schema. For a tenant that is still being set up, returns that
    tenant."""

    platform = True
    permission = "tenancy.onboard_tenant"
    audit_message = gettext_noop("created the tenant {name}")

    slug: str
    name: str
    owner_email: str
    region: str = ""
    database: str = ""


@dataclass(frozen=True, kw_only=True)
class ChangeDatabase(Command):
    """Set the capacity and region of a database, and whether it accepts new tenants. Existing tenants are
    unaffected."""

    platform = True
    permission = "tenancy.manage_databases"
    audit_message = gettext_noop("changed the database {result}")

    key: str
    region: str = ""
    capacity: int
    accepts_new: bool
    reason: str


@dataclass(frozen=True, kw_only=True)
class PinTenant(Command):
    """Refuse moves of a tenant to another database until it is unpinned."""

    platform = True
    permission = "tenancy.manage_databases"
    audit_message = gettext_noop("pinned the tenant {result} to its database")

    tenant_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnpinTenant(Command):
    """Allow moves of a tenant to another database again."""

    platform = True
    permission = "tenancy.manage_databases"
    audit_message = gettext_noop("unpinned the tenant {result}")

    tenant_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SetTenantActive(Command):
    """Open a new or a closed tenant to its users, for good or on trial for a number of days."""

    platform = True
    permission = "tenancy.activate_tenant"
    audit_message = gettext_noop("activated the tenant {result}")

    tenant_id: int
    trial_days: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class SetTenantSuspended(Command):
    """Close a tenant to its users for a while."""

    platform = True
    permission = "tenancy.suspend_tenant"
    audit_message = gettext_noop("suspended the tenant {result}")

    tenant_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SetTenantArchived(Command):
    """Close a tenant to its users; its data is retained."""

    platform = True
    permission = "tenancy.archive_tenant"
    audit_message = gettext_noop("archived the tenant {result}")

    tenant_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class QueueTenantForDeletion(Command):
    """Queue a tenant for deletion: after that day it may be erased."""

    platform = True
    permission = "tenancy.erase_tenant"
    audit_message = gettext_noop("queued the tenant {result} for deletion after {delete_after}")

    tenant_id: int
    delete_after: dt.date
    reason: str


@dataclass(frozen=True, kw_only=True)
class SetMode(Command):
    """Restrict a tenant to reading, or make it unavailable for maintenance, in any state."""

    platform = True
    permission = "tenancy.suspend_tenant"
    audit_message = gettext_noop("set the mode of the tenant {result} to {mode}")

    tenant_id: int
    mode: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RenameTenant(Command):
    """Give a tenant another short name and so another address, or another name. Requests to the former address are
    redirected, and no other tenant can ever get it. People sign in again at the new address.

    slug, name  null: stays as it is
    """

    platform = True
    permission = "tenancy.onboard_tenant"
    audit_message = gettext_noop("renamed the tenant {result}: {reason}")

    tenant_id: int
    slug: str | None = None
    name: str | None = field(default=None, metadata=printed)
    reason: str


@dataclass(frozen=True, kw_only=True)
class DiscardTenant(Command):
    """Remove a tenant whose setup failed, with its schema."""

    platform = True
    permission = "tenancy.onboard_tenant"
    audit_message = gettext_noop("discarded the tenant {result}, which could not be set up")

    tenant_id: int
