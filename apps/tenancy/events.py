"""What has happened to tenants."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class TenantActivated(Event):
    """A tenant is served from now on."""

    name = "tenant.activated"

    tenant_id: int
    slug: str

    @property
    def aggregate(self) -> str:
        return f"tenant:{self.tenant_id}"


@dataclass(frozen=True, kw_only=True)
class TenantErased(Event):
    """A tenant is gone for ever. The platform alone is told: there is nobody else left."""

    name = "tenant.erased"

    tenant_id: int
    slug: str
    reason: str

    @property
    def aggregate(self) -> str:
        return f"tenant:{self.tenant_id}"
