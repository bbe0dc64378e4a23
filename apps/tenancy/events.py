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
