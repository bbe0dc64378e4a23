"""Handlers of the commands of billing."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.edits import Edits, Values, rows
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.models import Change, record_change
from apps.tenancy.models import Tenant

from . import queries, rules
from .commands import ChangePlan, DefinePlan, RetirePlan, SubscribeTenant
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


def check_plan(command: DefinePlan) -> dict[str, int]:
    """The dry run. It shows approvers the changed fields: the guard of the table refuses the change itself."""
    limits = rules.plan_must_be_definable(command)
    for one in queries.changes(command):
        record_change(Change(f"billing.plan:{command.code}", one.field, one.before, one.after))
    return limits


@handles(
    DefinePlan,
    edits=Edits("code", _edited_plan),
    dry_run=check_plan,
    base_revision=lambda command: repr(_edited_plan(command.code, False)),
)
def define_plan(command: DefinePlan) -> Plan:
    limits = rules.plan_must_be_definable(command)

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


def check_change_of_plan(command: ChangePlan) -> Plan:
    """The dry run, as that of a plan."""
    _, plan = rules.subscription_must_be_possible(command.tenant_id, command.plan, command.reason)
    before = queries.plan_of(command.tenant_id).code
    record_change(Change(f"billing.subscription:{command.tenant_id}", "plan", before, plan.code))
    return plan


@handles(
    ChangePlan,
    emits=(SubscriptionChanged,),
    edits=Edits("tenant_id", _edited_subscription),
    dry_run=check_change_of_plan,
    base_revision=lambda command: repr(_edited_subscription(command.tenant_id, False)),
)
def change_plan(command: ChangePlan) -> Subscription:
    tenant, plan = rules.subscription_must_be_possible(command.tenant_id, command.plan, command.reason)
    existing = Subscription.objects.select_related("plan").filter(tenant_id=tenant.pk).first()
    if existing and existing.plan == plan:
        return existing

    return _subscribed(tenant, plan, command.reason, existing.plan.code if existing else DEFAULT_PLAN_CODE)


@handles(SubscribeTenant, emits=(SubscriptionChanged,))
def subscribe_tenant(command: SubscribeTenant) -> Subscription:
    existing = Subscription.objects.filter(tenant_id=command.tenant_id).first()
    if existing:
        return existing
    tenant, plan = rules.subscription_must_be_possible(command.tenant_id, command.plan, command.reason)

    return _subscribed(tenant, plan, command.reason, DEFAULT_PLAN_CODE)


def _subscribed(tenant: Tenant, plan: Plan, reason: str, before: str) -> Subscription:
    subscription, _ = Subscription.objects.update_or_create(
        tenant_id=tenant.pk, defaults={"plan": plan, "since": now(), "reason": reason}
    )
    queries.cached.invalidate()
    if before != plan.code:
        publish(
            SubscriptionChanged(
                subscription_id=subscription.pk, tenant_id=tenant.pk, before=before, after=plan.code
            )
        )
    return subscription
