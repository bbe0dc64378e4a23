"""Questions about plans. Every request may ask them, so a warm answer costs no statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.kernel.caching import Cached
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.manifest import Module
from apps.kernel.tenant import TenantInfo, current_tenant
from apps.kernel.transactions import within
from apps.modules import registry

from .commands import DefinePlan
from .models import DEFAULT_PLAN_CODE, Plan, Subscription

ALL_MODULES = "*"
CACHE_TTL_S = 300


@dataclass(frozen=True)
class PlanInfo:
    """A plan, plain and frozen."""

    code: str
    name: str
    level: int
    modules: tuple[str, ...]
    limits: Mapping[str, int]

    def has(self, module: str) -> bool:
        return ALL_MODULES in self.modules or module in self.modules

    def most(self, limit: str) -> int:
        return self.limits.get(limit, UNLIMITED)


def _load(tenant_id: int) -> PlanInfo:
    booked = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id).first()
    plan = booked.plan if booked else Plan.objects.get(code=DEFAULT_PLAN_CODE)
    return PlanInfo(plan.code, plan.name, plan.level, tuple(plan.modules), plan.limits)


cached: Cached[int, PlanInfo] = Cached(
    "plans", _load, ttl=CACHE_TTL_S, of="public", about=lambda tenant_id: tenant_id or "public"
)
"""A tenant's plan and limits, among its own keys whoever asks: a plan may be many tenants', and changes for all."""


def plan_of(tenant_id: int | None = None) -> PlanInfo:
    """The plan of the tenant, or of the current one."""
    tenant = current_tenant()
    return cached.get(tenant_id if tenant_id is not None else tenant.id if tenant else 0)


def limit(name: str) -> int:
    """How many the current tenant may have; -1 is as many as it likes."""
    return plan_of().most(name)


def is_subscribed(module: str) -> bool:
    """Whether the current tenant has the module: one that is not sold has everybody, and the platform has all."""
    manifest = registry.by_name().get(module)
    return manifest is None or not manifest.licensed or current_tenant() is None or plan_of().has(module)


@dataclass(frozen=True)
class Usage:
    """How much of a limit is used; `most` is -1 where there is none."""

    name: str
    description: str
    unit: str
    used: int
    most: int

    @property
    def share(self) -> int:
        """Per cent."""
        return min(100, round(100 * self.used / self.most)) if self.most > 0 else 0 if self.most else 100


def usage() -> Sequence[Usage]:
    """Of the current tenant, everything that is counted (row FIN-06)."""
    plan = plan_of()
    return [
        Usage(each.name, each.description, each.unit, each.count(), plan.most(each.name))
        for each in sorted(LIMITS.values(), key=lambda limit: limit.name)
    ]


@dataclass(frozen=True)
class SubscriptionSummary:
    """What a tenant has: its plan, the sold modules with whether they are in it, and what is used."""

    plan: PlanInfo
    modules: Sequence[tuple[Module, bool]]
    usage: Sequence[Usage]


def booked() -> SubscriptionSummary:
    """Of the current tenant."""
    licensed = [module for module in registry.modules() if module.licensed]
    return SubscriptionSummary(plan_of(), [(each, is_subscribed(each.name)) for each in licensed], usage())


def subscription_summary_of(tenant: TenantInfo) -> SubscriptionSummary:
    """For the platform, outside of any transaction."""
    with within(tenant):
        return booked()


@dataclass(frozen=True)
class Change:
    """Of something in a plan, in words."""

    what: str
    before: str
    after: str


def changes(command: DefinePlan) -> Sequence[Change]:
    """What would be otherwise in the plan; of a new one, all that is in it."""
    there = Plan.objects.filter(code=command.code).first()
    before = _in_words(there) if there else {}
    after = _in_words(
        Plan(
            name=command.name,
            level=command.level,
            modules=sorted({*command.modules}),
            limits={limit.limit: limit.most for limit in command.limits},
        )
    )
    return [
        Change(what, before.get(what, "–"), said) for what, said in after.items() if before.get(what) != said
    ]


def _in_words(plan: Plan) -> dict[str, str]:
    counted = {
        each.description: "no limit" if (most := plan.limits.get(each.name, UNLIMITED)) < 0 else f"{most:,}"
        for each in sorted(LIMITS.values(), key=lambda limit: limit.name)
    }
    modules = "all" if ALL_MODULES in plan.modules else ", ".join(plan.modules) or "those that everybody has"
    offered = "yes" if plan.is_offered else "no"
    return {"Name": plan.name, "Level": str(plan.level), "Modules": modules, **counted, "Offered": offered}


def offered() -> Sequence[Plan]:
    """The plans that a tenant can be put on, the lowest first."""
    return list(Plan.objects.filter(is_offered=True).order_by("level", "code"))
