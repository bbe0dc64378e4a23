"""The preview of a change set, as it is stored with it.

{"computed_at": …, "tenants": 14, "users": 840, "gain": 212, "lose": 3, "change": 0,
 "flags": {"sales.new-order-screen": {"gain": 212, "lose": 3, "change": 0}},
 "by_tenant": [{"tenant": "acme", "users": 60, "gain": 20, "lose": 0, "change": 0}],
 "conflicts": [{"key": …, "place": …, "code": …, "tenants": […]}],
 "open_periods": {"acme": "2026-12"}, "unreachable": []}

`tenants` is the number of tenants in which a user is affected; `by_tenant` has all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from apps.billing import queries as billing
from apps.flags import queries
from apps.flags.documents import FLAG, OVERRIDE, SEGMENT
from apps.flags.engine import Entry, Override, RuleSet
from apps.flags.engine.validation import override_of
from apps.flags.hooks import open_period_on
from apps.flags.models import ChangeSet, Revision
from apps.flags.rollouts import stages
from apps.flags.store import platform, tenants
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import HOME, TenantInfo, current_tenant
from apps.settings.business_day import business_day
from apps.tenancy import queries as tenancy

from .effects import CHANGE, GAIN, LOSE, Effect, effect_on
from .population import people


@dataclass(frozen=True)
class Comparison:
    """What is served at `at` before and after the change, and the flags that it can change."""

    at: dt.datetime
    before: RuleSet
    after: RuleSet
    keys: frozenset[str]
    entitlements: frozenset[str]
    overrides: Mapping[str, Override | None]


def preview_of(change_set: ChangeSet) -> dict[str, Any]:
    """Of the platform: on all tenants, outside of any transaction. Of a tenant: on its own users."""
    return effect_of(comparison_of(change_set))


def effect_of(comparison: Comparison) -> dict[str, Any]:
    """As a preview. A comparison outlives the transaction in which it was made."""
    tenant = current_tenant()
    effects = [(tenant, _effect_here(tenant, comparison))] if tenant else list(_effects(comparison))
    return _summary(effects)


def comparison_of(change_set: ChangeSet) -> Comparison:
    revisions = queries.revisions_of(change_set)
    at = max(now(), change_set.effective_at or now())
    before = platform.at(at)
    after = replace(
        before,
        flags=_replaced(before.flags, revisions, FLAG, at),
        segments=_replaced(before.segments, revisions, SEGMENT, at),
    )
    changed = {(row.kind, row.key) for row in revisions}
    reached = changed.union(
        *(queries.dependants(_documents(stored), changed) for stored in (before, after)),
        {(FLAG, row.key) for row in revisions if row.kind == OVERRIDE},
    )
    return Comparison(
        at,
        _rules(before),
        _rules(after),
        frozenset(key for kind, key in reached if kind == FLAG),
        frozenset(
            document["entitlement"]
            for stored in (before, after)
            for document in _documents(stored).values()
            if document.get("entitlement")
        ),
        {row.key: _override(row) for row in revisions if row.kind == OVERRIDE},
    )


def _effects(comparison: Comparison) -> Iterator[tuple[TenantInfo, Effect | None]]:
    """None for a tenant whose database cannot be reached."""
    for tenant in tenancy.active_tenants():
        effect = None
        with databases.skip_if_unreachable(tenant.database or HOME), within(tenant):
            effect = _effect_here(tenant, comparison)
        yield tenant, effect


def _effect_here(tenant: TenantInfo, comparison: Comparison) -> Effect:
    narrowing, plan = tenants.cached.get("all"), billing.plan_of(tenant.id)
    used = tenants.used_of(plan, comparison.entitlements)
    layer = tenants.layer(tenant, narrowing, plan, used, comparison.at)
    changed = {**layer.overrides, **comparison.overrides}
    narrowed = {key: override for key, override in changed.items() if override is not None}
    before = comparison.before.for_tenant(layer)
    after = comparison.after.for_tenant(replace(layer, overrides=narrowed))
    effect = effect_on(people(), before, after, comparison.keys)
    effect.open_period = open_period_on(business_day(comparison.at))
    return effect


def _replaced(
    stored: Sequence[platform.Stored], revisions: Sequence[Revision], kind: str, at: dt.datetime
) -> tuple[platform.Stored, ...]:
    """A flag whose plan of a rollout has changed starts at 0 %, as the store serves it."""
    changed = {row.key: row.document for row in revisions if row.kind == kind}
    unchanged = [one for one in stored if one.key not in changed]
    reached = stages.reached(using=queries.connection_of_platform()) if kind == FLAG and changed else {}
    return (
        *unchanged,
        *(
            platform.Stored(key, 0, document and dict(stages.merged(document, reached.get(key))), at, None)
            for key, document in changed.items()
        ),
    )


def _rules(stored: platform.Platform) -> RuleSet:
    """Undated: what is served at the instant of the change. It counts its evaluations apart from those of users."""
    return RuleSet(
        _undated(stored.flag_entries()), _undated(stored.segment_entries()), settings.FEATURE_FLAGS
    )


def _override(row: Revision) -> Override | None:
    return override_of(row.document, row.pk) if row.document is not None else None


def _undated(entries: Sequence[Entry]) -> list[Entry]:
    return [replace(entry, effective_at=None, published_at=None) for entry in entries]


def _documents(stored: platform.Platform) -> dict[queries.Key, Mapping[str, Any]]:
    of_kind = ((FLAG, stored.flag_entries()), (SEGMENT, stored.segment_entries()))
    return {
        (kind, entry.key or entry.document["key"]): entry.document
        for kind, entries in of_kind
        for entry in entries
        if entry.document is not None
    }


def _summary(computed: Sequence[tuple[TenantInfo, Effect | None]]) -> dict[str, Any]:
    effects = [(tenant, effect) for tenant, effect in computed if effect is not None]
    return {
        "computed_at": now().isoformat(),
        "tenants": sum(effect.is_any for _, effect in effects),
        "users": sum(effect.users for _, effect in effects),
        **_sums(effect.totals for _, effect in effects),
        "flags": {
            key: _sums(effect.flags[key] for _, effect in effects)
            for key in sorted({key for _, effect in effects for key in effect.flags})
        },
        "by_tenant": [
            {"tenant": tenant.slug, "users": effect.users, **effect.totals} for tenant, effect in effects
        ],
        "conflicts": _conflicts(effects),
        "open_periods": {tenant.slug: effect.open_period for tenant, effect in effects if effect.open_period},
        "unreachable": [tenant.slug for tenant, effect in computed if effect is None],
    }


def _conflicts(effects: Sequence[tuple[TenantInfo, Effect]]) -> list[dict[str, Any]]:
    """Each broken rule once, with its tenants; the messages of the engine name users."""
    tenants_of: dict[tuple[str, str], list[str]] = {}
    for tenant, effect in effects:
        for problem in effect.conflicts:
            tenants_of.setdefault((problem.place, problem.code), []).append(tenant.slug)
    return [
        {"key": place.split("/")[1], "place": place, "code": code, "tenants": sorted(set(slugs))}
        for (place, code), slugs in sorted(tenants_of.items())
    ]


def _sums(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    sums = dict.fromkeys((GAIN, LOSE, CHANGE), 0)
    for one in counts:
        for kind, number in one.items():
            sums[kind] += number
    return sums
