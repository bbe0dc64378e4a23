"""What has happened to tenants."""

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
class _Turned(_OfTenant):
    """`reason` is what whoever did it gave as his."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class TenantActivated(_OfTenant):
    """A tenant is served from now on."""

    name = "tenant.activated"


@dataclass(frozen=True, kw_only=True)
class TenantSuspended(_Turned):
    """A tenant is closed to its users for a while."""

    name = "tenant.suspended"


@dataclass(frozen=True, kw_only=True)
class TenantArchived(_Turned):
    """A tenant is put to rest; its data is kept."""

    name = "tenant.archived"


@dataclass(frozen=True, kw_only=True)
class TenantQueuedForDeletion(_Turned):
    """A tenant will be erased when its days of grace are over."""

    name = "tenant.queued_for_deletion"


@dataclass(frozen=True, kw_only=True)
class TenantModeChanged(_Turned):
    """A tenant can only be read, or is in maintenance, or is as usual again."""

    name = "tenant.mode_changed"

    mode: str


@dataclass(frozen=True, kw_only=True)
class TenantErased(_Turned):
    """A tenant is gone for ever. The platform alone is told: there is nobody else left."""

    name = "tenant.erased"
