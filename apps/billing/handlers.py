"""Handlers of the commands of billing."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.edits import Edits, Values, rows
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.tenancy import rules as tenancy
from apps.tenancy.models import Tenant

from . import queries, rules
from .commands import ChangePlan, DefinePlan, RetirePlan
from .errors import ReasonMissing
from .events import SubscriptionChanged
from .models import DEFAULT_PLAN_CODE, Plan, Subscription


def _edited_plan(code: str, lock: bool) -> Values | None:
    plan = rows(Plan, lock).filter(code=code).first()
    if plan is None:
        return None
    return {"name": plan.name, "level": plan.level, "modules": plan.modules, "limits": plan.limits}


def _edited_subscription(tenant_id: int, lock: bool) -> Values | None:
    if not rows(Tenant, lock).filter(pk=tenant_id).exists():
        return None
    subscription = Subscription.objects.select_related("plan").filter(tenant_id=tenant_id).first()
    return {"plan": subscription.plan.code if subscription else DEFAULT_PLAN_CODE}


@handles(DefinePlan, edits=Edits("code", _edited_plan))
def define_plan(command: DefinePlan) -> Plan:
    with together() as validation:
        validation.check(rules.plan_must_be_well_formed, command.code, command.name)
        validation.check(rules.plan_must_not_be_default, command.code)
        validation.check(rules.modules_must_be_licensed, command.modules)
        limits = validation.check(rules.limits_must_be_complete, command.limits)

    plan, _ = Plan.objects.update_or_create(
        code=command.code,
        defaults={
            "name": command.name,
            "level": command.level,
            "modules": sorted({*command.modules}),
            "limits": limits,
            "is_offered": True,
        },
    )
    queries.cached.invalidate()
    return plan


@handles(RetirePlan)
def retire_plan(command: RetirePlan) -> Plan:
    rules.plan_must_not_be_default(command.code)
    plan = rules.plan_must_exist(command.code)

    plan.is_offered = False
    plan.save(update_fields=["is_offered"])
    return plan


@handles(ChangePlan, emits=(SubscriptionChanged,), edits=Edits("tenant_id", _edited_subscription))
def change_plan(command: ChangePlan) -> Subscription:
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        tenant = validation.check(tenancy.tenant_must_exist, command.tenant_id)
        plan = validation.check(rules.plan_must_be_offered, command.plan)
    existing = Subscription.objects.select_related("plan").filter(tenant_id=tenant.pk).first()
    if existing and existing.plan == plan:
        return existing

    subscription, _ = Subscription.objects.update_or_create(
        tenant_id=tenant.pk, defaults={"plan": plan, "since": now(), "reason": command.reason}
    )
    queries.cached.invalidate()

    before = existing.plan.code if existing else DEFAULT_PLAN_CODE
    if before != plan.code:
        publish(
            SubscriptionChanged(
                subscription_id=subscription.pk, tenant_id=tenant.pk, before=before, after=plan.code
            )
        )
    return subscription
