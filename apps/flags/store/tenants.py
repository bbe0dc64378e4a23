"""What narrows flags in a tenant: its overrides and kills, its plan, and its usage of limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.billing import queries as billing
from apps.flags.engine import Override, TenantLayer
from apps.flags.models import FeatureConfiguration, Revision
from apps.kernel.cache.caching import Cached
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.tenant import TenantInfo
from apps.modules import registry

from . import platform

AREA = "flags"
USAGE_AREA = "flags-usage"


@dataclass(frozen=True)
class Narrowing:
    """The overrides of a tenant that are served now, and those that take effect later; its killed flags; whether all of
    its features are disabled."""

    epoch: int
    overrides: tuple[platform.Stored, ...]
    killed: dict[str, dt.datetime]
    are_disabled: bool

    def in_effect(self, instant: dt.datetime) -> Mapping[str, Override]:
        if self.are_disabled:
            return AllOff()
        latest: dict[str, platform.Stored] = {}
        for stored in sorted(self.overrides, key=lambda stored: stored.revision):
            if _served_from(stored) <= instant:
                latest[stored.key] = stored
        overrides = {
            key: _override(stored.document, stored.revision)
            for key, stored in latest.items()
            if stored.document is not None
        }
        return {**overrides, **{key: Override(enabled=False) for key in self.killed}}

    @property
    def instants(self) -> list[dt.datetime]:
        """At which its overrides take effect."""
        return [_served_from(stored) for stored in self.overrides]


class AllOff(Mapping[str, Override]):
    """An override of every flag, also of those that are published later."""

    def __getitem__(self, key: str) -> Override:
        return Override(enabled=False)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _served_from(stored: platform.Stored) -> dt.datetime:
    return max(stored.effective_at or stored.published_at, stored.published_at)


def _override(document: Mapping[str, Any], revision: int) -> Override:
    return Override(
        enabled=document.get("enabled", True),
        roles=tuple(document.get("roles", ())),
        percentage=document.get("percentage"),
        revision=revision,
    )


def _load(_: str) -> Narrowing:
    kinds = platform.served_in("default")
    return Narrowing(
        platform.epoch_in("default"),
        kinds[Revision.Kind.OVERRIDE],
        platform.killed_in("default"),
        FeatureConfiguration.objects.disabled().exists(),
    )


def at(instant: dt.datetime) -> Narrowing:
    """The overrides and kills of a past instant. Whether all features are disabled is known for today only."""
    return Narrowing(
        platform.epoch_in("default"),
        platform.overrides_at(instant),
        platform.killed_in("default", instant),
        FeatureConfiguration.objects.disabled().exists(),
    )


cached: Cached[str, Narrowing] = Cached(AREA, _load, shape=Narrowing, ttl=platform.CACHE_TTL_S)
usage: Cached[str, int] = Cached(
    USAGE_AREA, lambda limit: LIMITS[limit].count(), shape=int, ttl=platform.CACHE_TTL_S
)
"""The used number of a limit in the current tenant, by its name."""


OF_PLATFORM = TenantLayer("platform", entitlements=frozenset({"*"}))
"""The platform has every module."""


def layer(
    tenant: TenantInfo, narrowing: Narrowing, plan: billing.PlanInfo, used: Mapping[str, int], at: dt.datetime
) -> TenantLayer:
    return TenantLayer(
        tenant=str(tenant.id),
        entitlements=entitlements_of(plan),
        limits=plan.limits,
        usage=used,
        overrides=narrowing.in_effect(at),
    )


def entitlements_of(plan: billing.PlanInfo) -> frozenset[str]:
    """The modules of the plan, those that need no plan, and the limits: what is not limited is unlimited."""
    core = (module.name for module in registry.modules() if not module.licensed)
    return frozenset((*plan.modules, *core, *LIMITS))


def used_of(plan: billing.PlanInfo, entitlements: Iterable[str]) -> dict[str, int]:
    """The usage of the plan's limits that entitle to flags. The others are not counted."""
    limited = sorted(name for name in {*entitlements} if name in LIMITS and plan.maximum(name) != UNLIMITED)
    return {name: usage.get(name) for name in limited}
