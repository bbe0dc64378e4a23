"""Implementations of hooks: the plan of a new tenant, the claim `plan_level` of a token, and the plan in a transfer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.backups.hooks import carried_data
from apps.bus import Command, dispatch
from apps.identity.hooks import token_claim
from apps.kernel.actors import System
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.tenant import current_tenant
from apps.tenancy.hooks import NewTenant, TenantRequest, request_check, set_up

from . import queries, rules
from .commands import SubscribeTenant
from .models import DEFAULT_PLAN_CODE, Plan, Subscription


@request_check
def plan_must_be_offered(request: TenantRequest) -> None:
    """Without a code the tenant has the default plan."""
    if request.plan:
        with unit_of_work():
            rules.plan_must_be_offered(request.plan)


@set_up("features", order=10, on_platform=True)
def subscribe_to_plan(new: NewTenant) -> Iterable[Command]:
    yield SubscribeTenant(
        tenant_id=new.tenant.id, plan=new.plan or DEFAULT_PLAN_CODE, reason="subscribed at onboarding"
    )


def plan_level(user: Any) -> int | None:
    """The level of the current tenant's plan, for clients that adapt to it. None on the platform."""
    return queries.plan_of().level if current_tenant() else None


token_claim("plan_level", plan_level)


def subscribed_plan(tenant_id: int) -> str:
    code = Subscription.objects.filter(tenant_id=tenant_id).values_list("plan__code", flat=True).first()
    return code or DEFAULT_PLAN_CODE


def restore_subscription(tenant_id: int, plan: str) -> None:
    """Skips a plan that is no longer offered; an operator must then choose another."""
    if Plan.objects.filter(code=plan, is_offered=True).exists():
        command = SubscribeTenant(tenant_id=tenant_id, plan=plan, reason="Restored from the backup.")
        dispatch(command, actor=System("Restore"))


carried_data("plan", subscribed_plan, restore_subscription)
