"""In production another person approves the change of a plan, and of the plan of a tenant."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connections

from apps.approvals.errors import ApprovalRequired, BaseChanged
from apps.approvals.execution import execute
from apps.billing import queries
from apps.billing.commands import ChangePlan, DefinePlan, SubscribeTenant
from apps.billing.models import Plan, Subscription
from apps.bus import dispatch
from apps.kernel.actors import System
from tests.support.approvals import approve, approved, requested
from tests.support.plans import UNLIMITED, limited
from tests.support.sqlstate import APPROVAL, NO_RIGHT, refused

REASON = "Ordered."
SMALL = DefinePlan(code="small", name="Small", level=10, modules=(), limits=UNLIMITED, reason=REASON)
SMALLER = replace(SMALL, limits=limited(companies__companies=2))


@pytest.fixture
def small(operator, acme):
    dispatch(SMALL, actor=operator)
    dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason=REASON), actor=operator)


@pytest.fixture
def production(settings, small):
    settings.ENVIRONMENT = "production"
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.tenancy_environment() RETURNS text LANGUAGE sql STABLE"
            " RETURN 'production'"
        )


def back_to_all(acme):
    return ChangePlan(tenant_id=acme.id, plan="all", reason=REASON)


@pytest.mark.physical_copy
def test_in_production_another_person_approves_the_change_of_a_plan(operator, second_operator, production):
    for actor in (operator, System("A script")):
        with pytest.raises(ApprovalRequired):
            dispatch(SMALLER, actor=actor)
    requested(SMALLER, operator)
    assert Plan.objects.get(code="small").limits["companies.companies"] == -1

    request = approved(SMALLER, operator, second_operator)

    assert request.state == "executed", request.outcome
    assert Plan.objects.get(code="small").limits["companies.companies"] == 2


@pytest.mark.physical_copy
def test_in_production_another_person_approves_the_plan_of_a_tenant(
    operator, second_operator, production, acme
):
    with pytest.raises(ApprovalRequired):
        dispatch(back_to_all(acme), actor=operator)

    request = approved(back_to_all(acme), operator, second_operator)

    assert request.state == "executed", request.outcome
    assert queries.plan_of(acme.id).code == "all"


@pytest.mark.physical_copy
def test_an_approval_is_void_after_another_change_of_the_plan(operator, second_operator, production):
    request = requested(SMALLER, operator)
    assert approved(replace(SMALL, level=11), operator, second_operator).state == "executed"

    with pytest.raises(BaseChanged):
        approve(request, second_operator)
    execute(request.pk)

    assert Plan.objects.get(code="small").limits["companies.companies"] == -1


@pytest.mark.physical_copy
def test_in_production_raw_sql_of_the_runtime_changes_neither_plans_nor_subscriptions(
    operator, second_operator, production, acme
):
    requested(SMALLER, operator)
    requested(back_to_all(acme), operator)
    everything = "(SELECT id FROM billing_plan WHERE code = 'all')"

    for statement in (
        "UPDATE billing_plan SET modules = '[\"*\"]' WHERE code = 'small'",
        "UPDATE billing_plan SET limits = '{}', level = 1000 WHERE code = 'small'",
        "UPDATE billing_plan SET code = 'all-2' WHERE code = 'all'",
        f"UPDATE billing_subscription SET plan_id = {everything}",
        "UPDATE billing_subscription SET tenant_id = tenant_id + 1000",
    ):
        assert refused(statement) == APPROVAL, statement
    for table in ("billing_subscription", "billing_plan"):
        assert refused(f"DELETE FROM {table}") == NO_RIGHT

    assert approved(back_to_all(acme), operator, second_operator).state == "executed"
    assert refused("UPDATE billing_subscription SET plan_id = plan_id + 1") == APPROVAL


@pytest.mark.physical_copy
def test_onboarding_subscribes_a_tenant_without_an_approval_and_only_once(operator, production, acme, globex):
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM billing_subscription WHERE tenant_id = %s", [globex.id])

    for tenant in (acme, globex):
        command = SubscribeTenant(tenant_id=tenant.id, plan="small", reason=REASON)
        dispatch(command, actor=System("Onboarding"))
    dispatch(replace(command, plan="all"), actor=System("Onboarding"))

    assert {Subscription.objects.get(tenant_id=one.id).plan.code for one in (acme, globex)} == {"small"}
