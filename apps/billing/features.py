"""Features that plans name besides licensed modules: the entitlements of declared flags.

A feature with the name of a limit is limited: the plan's maximum of that limit is its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.kernel import features
from apps.kernel.features import DECLARED, DeclaredFlag
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.modules import registry


@dataclass(frozen=True)
class PlanFeature:
    """A flag that needs an entitlement, in a tenant.

    entitlement  the module, feature or limit that its plan must have
    is_in_plan   whether the plan has it
    is_on        for the current user: the flag may be off although the plan has it
    used         of the limit of that name, None without one; a `maximum` of -1 is unlimited
    """

    key: str
    description: str
    entitlement: str
    is_in_plan: bool
    is_on: bool
    used: int | None
    maximum: int


def entitled_flags() -> Sequence[DeclaredFlag[bool]]:
    """The declared flags that need an entitlement, by key."""
    return [flag for _, flag in sorted(DECLARED.items()) if flag.entitlement and flag.type is bool]


def names_for_plans() -> frozenset[str]:
    """The names that a plan may list: licensed modules, and entitlements that are neither those nor limits."""
    licensed = {module.name for module in registry.modules() if module.licensed}
    named = {str(flag.entitlement) for flag in entitled_flags()}
    return frozenset(licensed | (named - LIMITS.keys()))


def plan_features(names: Sequence[str], limits: Mapping[str, int], *, has_all: bool) -> Sequence[PlanFeature]:
    """Of the current tenant, with what it uses. `names` and `limits` are those of its plan."""
    return [_plan_feature(flag, names, limits, has_all=has_all) for flag in entitled_flags()]


def _plan_feature(
    flag: DeclaredFlag[bool], names: Sequence[str], limits: Mapping[str, int], *, has_all: bool
) -> PlanFeature:
    name = str(flag.entitlement)
    limit = LIMITS.get(name)
    maximum = limits.get(name, UNLIMITED)
    return PlanFeature(
        flag.key,
        str(flag.description),
        name,
        maximum != 0 if limit else has_all or name in names,
        features.is_on(flag),
        limit.count() if limit else None,
        maximum,
    )
