"""Events of billing."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class SubscriptionChanged(Event):
    """The plan of a tenant changed."""

    name = "subscription.changed"
    instrumented_as: ClassVar[str] = "subscription_changed"

    subscription_id: int
    tenant_id: int
    before: str
    after: str

    @property
    def aggregate(self) -> str:
        return f"tenant:{self.tenant_id}"
