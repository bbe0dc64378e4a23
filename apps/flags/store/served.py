"""The rules for the current tenant, compiled. While nothing has changed, they come from memory: no SQL and no network.

They are valid while this process knows no other stamps than those with which they were loaded. Once a second they are
compared with the caches, whose lifetime is the ceiling when a push is lost. Without Redis the database is read instead.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import redis
from django.conf import settings

from apps.billing import queries as billing
from apps.flags.engine import Evaluation, Explanation, RuleSet, Tally
from apps.kernel.cache import stamps
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.clock import now
from apps.kernel.tenant import TenantInfo, current_tenant

from . import platform, tenants
from .counts import TALLY

COMPARED_AFTER_S = 1.0
MAX_TENANTS = 1_000
log = logging.getLogger("bursar.flags")


class View(Protocol):
    """The rules as one tenant, or the platform, sees them."""

    @property
    def epoch(self) -> int: ...

    @property
    def keys(self) -> Any: ...

    def document(self, key: str) -> Any: ...

    def evaluate(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: dt.datetime | None = None
    ) -> Evaluation: ...

    def evaluate_all(self, context: Mapping[str, Any]) -> dict[str, Evaluation]: ...

    def explain(
        self, key: str, default: Any, context: Mapping[str, Any], *, as_of: dt.datetime | None = None
    ) -> Explanation: ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of the platform, and the entitlements that they name."""

    stored: platform.Platform
    environment: Mapping[str, bool]
    compiled: RuleSet
    entitlements: frozenset[str]

    def are_of(self, stored: platform.Platform, environment: Mapping[str, bool]) -> bool:
        """By identity first: what is cached in memory is the same object each time."""
        return self.environment == environment and (self.stored is stored or self.stored == stored)


@dataclass(slots=True)
class Held:
    """A view, what it was made from, and until when (monotonic, in seconds) it is served without a comparison."""

    view: View
    made_from: tuple[Any, ...]
    names: tuple[str, ...]
    stamps: tuple[str | None, ...]
    until: float
    epoch: int


class Served:
    """The views of this process, by tenant. `load` returns what the platform serves."""

    def __init__(self, load: Callable[[], platform.Platform], tally: Tally = TALLY) -> None:
        self._load, self._tally = load, tally
        self._held: dict[int, Held] = {}
        self._rules: Rules | None = None

    def view(self) -> View:
        """For the current tenant. Raises the errors of the loaders if nothing was loaded before."""
        tenant = current_tenant()
        held = self._held.get(tenant.id if tenant else 0)
        if held is not None and time.monotonic() < held.until and _is_current(held):
            return held.view
        return self._compared(tenant, held)

    def last(self) -> View | None:
        """What is in memory for the current tenant, else for the platform; None if nothing is."""
        tenant = current_tenant()
        if held := self._held.get(tenant.id if tenant else 0):
            return held.view
        return self._rules.compiled if self._rules else None

    def epoch_of(self, tenant: TenantInfo | None) -> int | None:
        """The epoch that is in memory for the tenant, or the platform; None if nothing is."""
        held = self._held.get(tenant.id if tenant else 0)
        return held.epoch if held else None

    def entitles(self, limit: str) -> bool:
        """Whether the rules in memory have a flag whose entitlement is this limit."""
        return self._rules is not None and limit in self._rules.entitlements

    def forget(self) -> None:
        self._held.clear()
        self._rules = None

    def _compared(self, tenant: TenantInfo | None, held: Held | None) -> View:
        names = _names(tenant)
        if stamps.is_any_due(names):  # the transaction of a change, which may be rolled back
            return self._made(tenant, compiled(self._load(), settings.FEATURE_FLAGS, self._tally))[0]
        try:
            return self._renewed(tenant, held, names)
        except Exception:
            if held is None:
                raise
            log.exception("Flags could not be loaded; those of epoch %s are served.", held.epoch)
            held.until = time.monotonic() + COMPARED_AFTER_S
            return held.view

    def _renewed(self, tenant: TenantInfo | None, held: Held | None, names: tuple[str, ...]) -> View:
        known = tuple(_stamp(name) for name in names)  # before the rows: what is loaded is never older
        rules, stored, environment = self._rules, self._load(), settings.FEATURE_FLAGS
        if rules is None or not rules.are_of(stored, environment):
            rules = self._rules = compiled(stored, environment, self._tally)
        made_from = (rules, *_of_tenant(tenant, rules))
        until = time.monotonic() + COMPARED_AFTER_S
        if held is not None and held.made_from[0] is rules and held.made_from[1:] == made_from[1:]:
            held.stamps, held.until = known, until
            return held.view
        view, epoch = self._made(tenant, rules, made_from[1:])
        if len(self._held) >= MAX_TENANTS:
            self._held.pop(min(list(self._held.items()), key=lambda item: item[1].until)[0], None)
        self._held[tenant.id if tenant else 0] = Held(view, made_from, names, known, until, epoch)
        return view

    def _made(
        self, tenant: TenantInfo | None, rules: Rules, of_tenant: tuple[Any, ...] | None = None
    ) -> tuple[View, int]:
        """The view, and the epoch of its owner."""
        if tenant is None:
            return rules.compiled.for_tenant(tenants.OF_PLATFORM), rules.stored.epoch
        narrowing, plan, used, _ = of_tenant or _of_tenant(tenant, rules)
        layer = tenants.layer(tenant, narrowing, plan, dict(used), now())
        return rules.compiled.for_tenant(layer), narrowing.epoch


def compiled(stored: platform.Platform, environment: Mapping[str, bool], tally: Tally = TALLY) -> Rules:
    entries = stored.flag_entries()
    rule_set = RuleSet(entries, stored.segment_entries(), environment, epoch=stored.epoch, tally=tally)
    named = {entry.document.get("entitlement") for entry in entries if entry.document}
    return Rules(stored, environment, rule_set, frozenset(name for name in named if name))


def past(instant: dt.datetime) -> View:
    """Of the current tenant at a past instant, from the database."""
    rules, tenant = compiled(platform.at(instant), settings.FEATURE_FLAGS), current_tenant()
    if tenant is None:
        return rules.compiled
    plan = billing.plan_of(tenant.id)
    used = tenants.used_of(plan, rules.entitlements)
    return rules.compiled.for_tenant(tenants.layer(tenant, tenants.at(instant), plan, used, instant))


def _of_tenant(tenant: TenantInfo | None, rules: Rules) -> tuple[Any, ...]:
    """What narrows the rules, and how many of the overrides have taken effect."""
    if tenant is None:
        return ()
    narrowing, plan, instant = tenants.cached.get("all"), billing.plan_of(tenant.id), now()
    used = tenants.used_of(plan, rules.entitlements)
    return narrowing, plan, tuple(used.items()), sum(at <= instant for at in narrowing.instants)


def _names(tenant: TenantInfo | None) -> tuple[str, ...]:
    """Of the stamps on which a view depends."""
    of_platform = (tenant_cache_key(f"{platform.AREA}:stamp", "public"),)
    if tenant is None:
        return of_platform
    own = (tenant_cache_key(f"{area}:stamp") for area in (tenants.AREA, tenants.USAGE_AREA))
    return (*of_platform, tenant_cache_key(f"{billing.cached.area}:stamp", "public"), *own)


def _stamp(name: str) -> str | None:
    try:
        return stamps.STAMPS.of(name)
    except redis.RedisError:
        return None


def _is_current(held: Held) -> bool:
    if held.made_from[0].environment is not settings.FEATURE_FLAGS or stamps.is_any_due(held.names):
        return False
    known = stamps.STAMPS.known
    return all(known(name) in (None, stamp) for name, stamp in zip(held.names, held.stamps, strict=True))


SERVED = Served(lambda: platform.cached.get("all"))
"""What the database of the platform says."""
