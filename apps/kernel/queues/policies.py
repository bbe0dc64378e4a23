"""The queues, their limits and the worker pools, in one table each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """`retries` after the first attempt; `time_limit` and `wait_alert` (the waiting time that raises an alert) in
    seconds."""

    retries: int
    time_limit: int
    wait_alert: int

    @property
    def soft_time_limit(self) -> int:
        return self.time_limit - 10


POLICIES: Mapping[str, QueuePolicy] = MappingProxyType(
    {
        "financial": QueuePolicy(retries=2, time_limit=90, wait_alert=30),
        "default": QueuePolicy(retries=3, time_limit=60, wait_alert=60),
        "billing": QueuePolicy(retries=3, time_limit=90, wait_alert=90),
        "audit": QueuePolicy(retries=3, time_limit=60, wait_alert=120),
        "low": QueuePolicy(retries=3, time_limit=120, wait_alert=120),
    }
)
"""The limits of each queue."""
POOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "financial": ("financial",),
        "default": ("default",),
        "billing": ("billing",),
        "audit": ("audit", "low"),
    }
)
"""Worker pools and their queues. `financial` shares no pool with less urgent work."""


class PaymentsWouldWait(Invalid):
    message = _(
        "A worker for {queues} would delay payments behind other tasks. Start one worker for financial alone"
        " (-Q financial) and others for the other queues."
    )


def must_not_hold_up_payments(queues: Collection[str]) -> None:
    """Queues have no priority inside one worker, so `financial` needs its own workers. Raises PaymentsWouldWait."""
    if set(POOLS["financial"]) < {*queues}:
        raise PaymentsWouldWait(queues=", ".join(sorted(queues)))
