"""What tenancy can be asked."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class CreateTenant(Command):
    """Reserve a short name and make the tenant's schema. Asked again for a tenant that is still being set up,
    it goes on with that one."""

    permission = "tenancy.onboard_tenant"
    says = "created the tenant {name}"

    slug: str
    name: str
    owner_email: str


@dataclass(frozen=True, kw_only=True)
class ActivateTenant(Command):
    """Open a tenant that has been set up to its users."""

    permission = "tenancy.onboard_tenant"
    says = "activated the tenant {result}"

    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class DiscardTenant(Command):
    """Remove a tenant whose setting up failed, with its schema."""

    permission = "tenancy.onboard_tenant"
    says = "discarded the tenant {result}, which could not be set up"

    tenant_id: int
