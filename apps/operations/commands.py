"""Commands that change a whole tenant. Each is long-running: its steps commit one by one, and the workers resume it
after a crash, as does the same command when it is dispatched again."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.kernel.plain import printed
from apps.tenancy.commands import DELETION


@dataclass(frozen=True, kw_only=True)
class OnboardTenant(Command):
    """Set up a new tenant: schema, settings, first company, calendar, ledger, and the invitation of its owner, by
    e-mail.

    An interrupted onboarding continues when the command is repeated. A failed step removes everything. With
    `trial_days` the tenant starts on trial.
    """

    permission = "tenancy.onboard_tenant"
    atomic = False
    platform = True
    audit_message = gettext_noop("onboarded the tenant {name}")

    slug: str
    name: str = field(metadata=printed)
    owner_email: str
    owner_name: str = ""
    currency: str = "USD"
    plan: str = ""
    trial_days: int = 0
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class ResendOwnerInvitation(Command):
    """Send the owner of a tenant another e-mail with a new link. The earlier link is void. Refused once the owner has
    accepted."""

    permission = "tenancy.onboard_tenant"
    atomic = False
    platform = True
    audit_message = gettext_noop("resent the invitation of the owner of {result}")

    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class _TenantCommand(Command):
    atomic = False
    platform = True

    tenant_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class SuspendTenant(_TenantCommand):
    """Close a tenant to its users temporarily, disable its features, move old audit records to cold storage, and notify
    its administrators."""

    permission = "tenancy.suspend_tenant"
    schedulable = True
    audit_message = gettext_noop("suspended the tenant {result}")


@dataclass(frozen=True, kw_only=True)
class ActivateTenant(_TenantCommand):
    """Reopen a suspended or archived tenant, and notify its administrators."""

    permission = "tenancy.activate_tenant"
    schedulable = True
    audit_message = gettext_noop("activated the tenant {result}")


@dataclass(frozen=True, kw_only=True)
class ArchiveTenant(_TenantCommand):
    """Close a tenant permanently and retain its data, which administrators can still read."""

    permission = "tenancy.archive_tenant"
    schedulable = True
    audit_message = gettext_noop("archived the tenant {result}")


@dataclass(frozen=True, kw_only=True)
class MoveTenant(_TenantCommand):
    """Move a tenant to another database. It is read-only until the copy is verified, and then works there."""

    permission = "tenancy.move_tenant"
    audit_message = gettext_noop("moved the tenant {result} to the database {database}")

    database: str


@dataclass(frozen=True, kw_only=True)
class EraseTenant(_TenantCommand):
    """Queue a tenant for deletion. After the grace period its schema, files and platform rows are deleted permanently;
    until then the erasure can be cancelled. Refused during a legal retention period."""

    permission = "tenancy.erase_tenant"
    fresh_authentication_s = FRESH_S
    approval = DELETION
    audit_message = gettext_noop("queued the tenant {result} for deletion")

    def approval_subject(self) -> str:
        return f"tenancy_tenant:{self.tenant_id}"


@dataclass(frozen=True, kw_only=True)
class CancelErasure(_TenantCommand):
    """Cancel the erasure of a tenant that is queued for deletion. The tenant is archived again."""

    permission = "tenancy.erase_tenant"
    audit_message = gettext_noop("cancelled the erasure of the tenant {result}")


@dataclass(frozen=True, kw_only=True)
class NotifyAdministrators(Command):
    """Notify the administrators of a tenant of a change of its state, by e-mail."""

    permission = "tenancy.suspend_tenant"
    atomic = False
    platform = True
    audit_message = gettext_noop("notified {result} administrators of tenant {tenant_id}: {change}")

    tenant_id: int
    change: str
    reason: str


TransitionCommand = SuspendTenant | ActivateTenant | ArchiveTenant | EraseTenant | CancelErasure
"""A change of the tenant's state that needs a reason only."""
