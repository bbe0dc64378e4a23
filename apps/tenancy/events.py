"""Events of tenants."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class _OfTenant(Event):
    tenant_id: int
    slug: str

    @property
    def aggregate(self) -> str:
        return f"tenant:{self.tenant_id}"


@dataclass(frozen=True, kw_only=True)
class _StateChanged(_OfTenant):
    """`reason` is the one that the actor gave."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class TenantActivated(_OfTenant):
    """A tenant is open to its users."""

    name = "tenant.activated"


@dataclass(frozen=True, kw_only=True)
class TenantSuspended(_StateChanged):
    """A tenant is closed to its users for a while."""

    name = "tenant.suspended"


@dataclass(frozen=True, kw_only=True)
class TenantArchived(_StateChanged):
    """A tenant is closed to its users; its data is retained."""

    name = "tenant.archived"


@dataclass(frozen=True, kw_only=True)
class TenantQueuedForDeletion(_StateChanged):
    """A tenant will be erased after its grace period."""

    name = "tenant.queued_for_deletion"


@dataclass(frozen=True, kw_only=True)
class TenantModeChanged(_StateChanged):
    """The mode of a tenant changed: read only, maintenance or normal."""

    name = "tenant.mode_changed"

    mode: str


@dataclass(frozen=True, kw_only=True)
class TenantErased(_StateChanged):
    """A tenant was erased. Only the platform can subscribe, since the tenant no longer exists."""

    name = "tenant.erased"
