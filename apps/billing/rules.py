"""Validation of plans."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apps.kernel.errors import together
from apps.kernel.limits import LIMITS, UNLIMITED
from apps.kernel.reasons import reason_must_be_given
from apps.kernel.text import is_visible
from apps.modules import registry
from apps.tenancy import rules as tenancy
from apps.tenancy.models import Tenant

from .commands import DefinePlan, PlanLimit
from .errors import (
    DefaultPlanIsFixed,
    LimitDuplicated,
    LimitMalformed,
    LimitMissing,
    LimitUnknown,
    ModuleIncomplete,
    ModuleNotLicensed,
    PlanMalformed,
    PlanNotOffered,
    PlanUnknown,
    ReasonMissing,
)
from .features import names_for_plans
from .models import DEFAULT_PLAN_CODE, Plan
from .queries import ALL_MODULES

CODE = re.compile(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z")


def plan_must_be_definable(command: DefinePlan) -> dict[str, int]:
    """Its maximum by limit. Raises all refusals together."""
    with together() as validation:
        validation.check(plan_must_be_well_formed, command.code, command.name)
        validation.check(plan_must_not_be_default, command.code)
        validation.check(modules_must_be_licensed, command.modules)
        limits: dict[str, int] = validation.check(limits_must_be_complete, command.limits)
    return limits


def subscription_must_be_possible(tenant_id: int, code: str, reason: str) -> tuple[Tenant, Plan]:
    with together() as validation:
        validation.check(reason_must_be_given, reason, ReasonMissing)
        tenant = validation.check(tenancy.tenant_must_exist, tenant_id)
        plan = validation.check(plan_must_be_offered, code)
    return tenant, plan


def plan_must_be_well_formed(code: str, name: str) -> None:
    if not CODE.match(code) or len(code) > 40 or not is_visible(name):
        raise PlanMalformed


def plan_must_exist(code: str) -> Plan:
    plan = Plan.objects.select_for_update().filter(code=code).first()
    if plan is None:
        raise PlanUnknown(code=code)
    return plan


def plan_must_be_offered(code: str) -> Plan:
    plan = plan_must_exist(code)
    if not plan.is_offered:
        raise PlanNotOffered(plan=plan)
    return plan


def plan_must_not_be_default(code: str) -> None:
    if code == DEFAULT_PLAN_CODE:
        raise DefaultPlanIsFixed(plan=code)


def modules_must_be_licensed(modules: Sequence[str]) -> None:
    """Each is a licensed module or a feature, and the plan has the licensed modules it depends on."""
    known, offered = registry.by_name(), names_for_plans()
    licensed = {name for name, module in known.items() if module.licensed}
    for name in modules:
        if name == ALL_MODULES:
            continue
        if name not in offered:
            raise ModuleNotLicensed(module=name, licensed=", ".join(sorted(offered)))
        if name not in licensed:
            continue
        if missing := sorted(licensed & {*known[name].dependencies} - {*modules}):
            raise ModuleIncomplete(module=name, needs=", ".join(missing))


def limits_must_be_complete(limits: Sequence[PlanLimit]) -> dict[str, int]:
    """The maximum by limit. A missing limit is refused, since it could mean "unchanged" or "unlimited"."""
    maxima: dict[str, int] = {}
    for limit in limits:
        if limit.limit in maxima:
            raise LimitDuplicated(limit=limit.limit)
        if limit.limit not in LIMITS:
            raise LimitUnknown(limit=limit.limit, known=", ".join(sorted(LIMITS)))
        if limit.maximum < UNLIMITED:
            raise LimitMalformed(limit=limit.limit, maximum=limit.maximum)
        maxima[limit.limit] = limit.maximum
    if missing := sorted(LIMITS.keys() - maxima.keys()):
        raise LimitMissing(limits=", ".join(missing))
    return maxima
