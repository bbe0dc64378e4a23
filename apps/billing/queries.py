"""Queries of billing. Every request may need them, so they are cached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from apps.kernel.cache.caching import Cached
from apps.kernel.db.tenant_transaction import within
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.manifest import Module
from apps.kernel.tenant import TenantInfo, current_tenant
from apps.modules import registry

from .commands import DefinePlan
from .features import PlanFeature, names_for_plans, plan_features
from .models import DEFAULT_PLAN_CODE, Plan, Subscription

ALL_MODULES = "*"
CACHE_TTL_S = 300


@dataclass(frozen=True)
class PlanInfo:
    """An immutable plan, for the cache."""

    code: str
    name: str
    level: int
    modules: tuple[str, ...]
    limits: Mapping[str, int]

    def has(self, module: str) -> bool:
        return ALL_MODULES in self.modules or module in self.modules

    def maximum(self, limit: str) -> int:
        return self.limits.get(limit, UNLIMITED)


def _load(tenant_id: int) -> PlanInfo:
    subscription = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id).first()
    plan = subscription.plan if subscription else Plan.objects.get(code=DEFAULT_PLAN_CODE)
    return PlanInfo(plan.code, plan.name, plan.level, tuple(plan.modules), plan.limits)


cached: Cached[int, PlanInfo] = Cached(
    "plans",
    _load,
    shape=PlanInfo,
    ttl=CACHE_TTL_S,
    of="public",
    about=lambda tenant_id: tenant_id or "public",
)
"""The plan by tenant id, in the key space of that tenant. Changing a plan invalidates all of them."""


def plan_of(tenant_id: int | None = None) -> PlanInfo:
    """The plan of the tenant; of the current tenant by default."""
    tenant = current_tenant()
    return cached.get(tenant_id if tenant_id is not None else tenant.id if tenant else 0)


def entitlements() -> frozenset[str]:
    """All names that a flag may need: modules, features of plans, and limits."""
    return frozenset((*registry.by_name(), *names_for_plans(), *LIMITS))


def limit(name: str) -> int:
    """The maximum of the current tenant for a limit; -1 is unlimited."""
    return plan_of().maximum(name)


def is_subscribed(module: str) -> bool:
    """Whether the plan of the current tenant has the module. Core modules are in all plans; the platform has all
    modules."""
    manifest = registry.by_name().get(module)
    return manifest is None or not manifest.licensed or current_tenant() is None or plan_of().has(module)


@dataclass(frozen=True)
class Usage:
    """The usage of a limit; a `maximum` of -1 is unlimited."""

    name: str
    description: str
    unit: str
    used: int
    maximum: int

    @property
    def is_bytes(self) -> bool:
        """By the name of the limit; pages show such numbers as kB, MB or GB."""
        return self.name.endswith(".bytes")

    @property
    def share(self) -> int:
        """The used share, in per cent."""
        return (
            min(100, round(100 * self.used / self.maximum))
            if self.maximum > 0
            else 0
            if self.maximum
            else 100
        )


def usage() -> Sequence[Usage]:
    """The usage of every limit in the current tenant."""
    plan = plan_of()
    return [
        Usage(limit.name, str(limit.description), str(limit.unit), limit.count(), plan.maximum(limit.name))
        for limit in sorted(LIMITS.values(), key=lambda limit: limit.name)
    ]


@dataclass(frozen=True)
class SubscriptionSummary:
    """The plan of a tenant, each licensed module with whether the plan has it, the usage of limits, and the features
    that plans name."""

    plan: PlanInfo
    modules: Sequence[tuple[Module, bool]]
    usage: Sequence[Usage]
    features: Sequence[PlanFeature]


def subscription_summary() -> SubscriptionSummary:
    """The summary of the current tenant."""
    plan, licensed = plan_of(), [module for module in registry.modules() if module.licensed]
    return SubscriptionSummary(
        plan,
        [(module, is_subscribed(module.name)) for module in licensed],
        usage(),
        plan_features(plan.modules, plan.limits, has_all=ALL_MODULES in plan.modules),
    )


def subscription_summary_of(tenant: TenantInfo) -> SubscriptionSummary:
    """The summary of a tenant, for the platform, outside any transaction."""
    with within(tenant):
        return subscription_summary()


@dataclass(frozen=True)
class Change:
    """A changed field of a plan, as text."""

    field: str
    before: str
    after: str


def changes(command: DefinePlan) -> Sequence[Change]:
    """The fields of a plan that the command would change; all fields for a new plan."""
    existing = Plan.objects.filter(code=command.code).first()
    before = _as_text(existing) if existing else {}
    after = _as_text(
        Plan(
            name=command.name,
            level=command.level,
            modules=sorted({*command.modules}),
            limits={limit.limit: limit.maximum for limit in command.limits},
        )
    )
    return [
        Change(field, before.get(field, "—"), value)
        for field, value in after.items()
        if before.get(field) != value
    ]


def _as_text(plan: Plan) -> dict[str, str]:
    counted = {
        str(limit.description): _format_maximum(plan.limits.get(limit.name, UNLIMITED))
        for limit in sorted(LIMITS.values(), key=lambda limit: limit.name)
    }
    modules = (
        gettext("all") if ALL_MODULES in plan.modules else ", ".join(plan.modules) or gettext("core modules")
    )
    offered = gettext("yes") if plan.is_offered else gettext("no")
    return {
        gettext("Name"): plan.name,
        gettext("Level"): str(plan.level),
        gettext("Modules"): modules,
        **counted,
        gettext("Offered"): offered,
    }


def _format_maximum(maximum: int) -> str:
    return gettext("no limit") if maximum < 0 else f"{maximum:,}"


def offered() -> Sequence[Plan]:
    """The plans open to new subscriptions, by level."""
    return list(Plan.objects.filter(is_offered=True).order_by("level", "code"))


def plan_codes() -> frozenset[str]:
    """The codes of all plans, also of retired ones."""
    return frozenset(Plan.objects.values_list("code", flat=True))
