"""Plans and the subscriptions of tenants."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from apps.billing import queries
from apps.billing.commands import ChangePlan, DefinePlan, PlanLimit, RetirePlan
from apps.billing.errors import (
    DefaultPlanIsFixed,
    LimitDuplicated,
    LimitMalformed,
    LimitMissing,
    LimitUnknown,
    ModuleIncomplete,
    ModuleNotLicensed,
    PlanNotOffered,
    PlanUnknown,
)
from apps.billing.models import Plan, Subscription
from apps.bus import dispatch, dry_run
from apps.bus.errors import FeatureOff, PlatformOnly
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.events.models import OutboxEvent
from apps.identity.commands import InviteUser
from apps.identity.tokens import access
from apps.kernel import limits
from apps.kernel.actors import System
from apps.kernel.limits import LimitReached
from apps.kernel.observability import instrumentation
from apps.kernel.tenant import activate
from apps.operations.commands import OnboardTenant
from apps.sales.commands import AddCustomer
from tests.support.console_pages import edit
from tests.support.database import PASSWORD
from tests.support.plans import UNLIMITED, limited

SMALL = DefinePlan(
    code="small",
    name="Small",
    level=10,
    modules=("webhooks",),
    limits=limited(companies__companies=2, identity__users=5),
)
ANY = {"code": "x", "name": "X", "level": 1, "modules": (), "limits": UNLIMITED}
CUSTOMER = AddCustomer(code="A", name="A", email="", address="")


def at_most(companies):
    return limited(companies__companies=companies)


@pytest.fixture
def small(operator, acme):
    """Acme has a plan without sales, and with a limit of two companies."""
    dispatch(SMALL, actor=operator)
    dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="Ordered."), actor=operator)


def add_company(code, owner):
    return dispatch(FoundCompany(code=code, name=code, currency="EUR"), actor=owner)


def test_a_tenant_without_a_subscription_has_all_modules(acme, owner):
    with activate(acme):
        assert queries.plan_of().code == "all"
        assert queries.limit("identity.users") == limits.UNLIMITED
        dispatch(CUSTOMER, actor=owner)


class TestModules:
    def test_a_module_outside_the_plan_is_unavailable(self, small, acme, globex, owner, client_for):
        with activate(acme), pytest.raises(FeatureOff):
            dispatch(CUSTOMER, actor=owner)
        assert client_for(owner).get("/t/acme/api/v1/sales/orders/").status_code == 404
        assert client_for(owner).get("/t/acme/api/v1/webhooks/endpoints/").status_code == 200

    def test_the_plan_of_another_tenant_is_unaffected(self, small, globex):
        with activate(globex):
            assert queries.is_subscribed("sales")
            dispatch(CUSTOMER, actor=System("Another tenant"))

    def test_a_core_module_is_in_every_plan(self, small, acme):
        with activate(acme):
            assert queries.is_subscribed("ledger")
            assert not queries.is_subscribed("sales")

    def test_a_larger_plan_enables_modules_at_once(self, small, acme, owner, operator):
        dispatch(ChangePlan(tenant_id=acme.id, plan="all", reason="Grew."), actor=operator)
        with activate(acme):
            dispatch(CUSTOMER, actor=owner)


class TestLimits:
    def test_adding_beyond_the_limit_is_refused(self, small, acme, owner):
        with activate(acme):
            add_company("TWO", owner)
            with pytest.raises(LimitReached) as refused:
                add_company("THREE", owner)
        assert refused.value.code == "kernel.limit_reached"
        assert "allows 2 companies, and there are 2 already" in str(refused.value)

    def test_data_beyond_a_lowered_limit_remains(self, small, acme, operator, owner):
        with activate(acme):
            add_company("TWO", owner)
        dispatch(
            DefinePlan(code="tiny", name="Tiny", level=1, modules=(), limits=at_most(companies=1)),
            actor=operator,
        )
        dispatch(ChangePlan(tenant_id=acme.id, plan="tiny", reason="Smaller."), actor=operator)
        with activate(acme):
            assert Company.objects.count() == 2
            (usage,) = [usage for usage in queries.usage() if usage.name == "companies.companies"]
        assert (usage.used, usage.maximum, usage.share) == (2, 1, 100)

    def test_inviting_a_user_beyond_the_limit_is_refused(self, small, acme, owner):
        with activate(acme), pytest.raises(LimitReached):
            dispatch(InviteUser(email="new@acme.example", name="New", role="auditor"), actor=owner)

    def test_concurrent_commands_never_exceed_the_limit(self, small, acme, owner):
        assert self._at_once(acme, owner) == ["LimitReached", "founded"]

    def test_concurrent_commands_without_the_lock_exceed_the_limit(self, small, acme, owner, monkeypatch):
        """The control: without the lock, both commands succeed."""
        both = threading.Barrier(2)
        real = limits.LIMITS["companies.companies"].count

        def counted_together():
            count = real()
            both.wait(10)
            return count

        monkeypatch.setattr(limits, "connection", ConnectionWithoutLocks())
        monkeypatch.setitem(
            limits.LIMITS,
            "companies.companies",
            limits.Limit("companies.companies", "companies", "", counted_together),
        )
        monkeypatch.setattr("apps.companies.rules.COMPANIES", limits.LIMITS["companies.companies"])
        assert self._at_once(acme, owner) == ["founded", "founded"]

    def _at_once(self, acme, owner):
        outcomes = []

        def one(code):
            try:
                with activate(acme):
                    add_company(code, owner)
                outcomes.append("founded")
            except LimitReached:
                outcomes.append("LimitReached")
            finally:
                connection.close()

        threads = [threading.Thread(target=one, args=(code,)) for code in ("TWO", "ALSO")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(outcomes)


class ConnectionWithoutLocks:
    """A connection whose lock does nothing."""

    def cursor(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def execute(self, *_):
        return None


class TestDefining:
    @pytest.mark.parametrize(
        ("more", "refusal"),
        [
            ({"modules": ("sails",)}, ModuleNotLicensed),
            ({"modules": ("ledger",)}, ModuleNotLicensed),
            ({"modules": ("sales",)}, ModuleIncomplete),
            ({"limits": (*UNLIMITED, PlanLimit("users", 1))}, LimitUnknown),
            ({"limits": (PlanLimit("identity.users", -2),)}, LimitMalformed),
            ({"limits": (PlanLimit("identity.users", 1),)}, LimitMissing),
            ({"limits": ()}, LimitMissing),
            ({"limits": (*UNLIMITED, PlanLimit("identity.users", 1))}, LimitDuplicated),
            ({"code": "all"}, DefaultPlanIsFixed),
        ],
    )
    def test_an_invalid_plan_is_refused(self, operator, more, refusal):
        with pytest.raises(refusal):
            dispatch(DefinePlan(**(ANY | more)), actor=operator)
        assert Plan.objects.count() == 1

    def test_a_changed_plan_applies_at_once(self, small, acme, owner, operator):
        with activate(acme):
            assert queries.limit("companies.companies") == 2
        dispatch(replace(SMALL, limits=at_most(companies=3)), actor=operator)
        with activate(acme):
            assert queries.limit("companies.companies") == 3

    @pytest.mark.parametrize("left_out", ["modules", "limits", "name", "level"])
    def test_an_incomplete_definition_is_refused(self, small, client_for, operator, left_out):
        fields = {
            "code": "small",
            "name": "Small",
            "level": 10,
            "modules": [],
            "limits": [{"limit": name, "maximum": -1} for name in limits.LIMITS],
        }
        fields.pop(left_out)

        response = client_for(operator, None).post(
            "/api/v1/billing/plans/", fields, content_type="application/json"
        )

        assert (response.status_code, response.json()["errors"][0]["attr"]) == (400, left_out)
        plan = Plan.objects.get(code="small")
        assert (plan.modules, plan.limits["companies.companies"]) == (["webhooks"], 2)

    def test_a_definition_without_a_limit_is_refused(self, small, acme, operator):
        fewer = replace(
            SMALL, limits=tuple(limit for limit in SMALL.limits if limit.limit != "companies.companies")
        )

        (refusal,) = dry_run(fewer, actor=operator)
        with pytest.raises(LimitMissing, match=r"companies\.companies is missing"):
            dispatch(fewer, actor=operator)

        assert refusal.code == "billing.limit_missing"
        assert queries.plan_of(acme.id).maximum("companies.companies") == 2

    def test_changes_list_the_differing_fields(self, small):
        bigger = replace(SMALL, level=20, modules=(), limits=at_most(companies=2))

        assert [(change.field, change.before, change.after) for change in queries.changes(bigger)] == [
            ("Level", "10", "20"),
            ("Modules", "webhooks", "core modules"),
            ("Active users and open invitations", "5", "no limit"),
        ]
        assert queries.changes(SMALL) == []
        assert {change.before for change in queries.changes(replace(SMALL, code="new"))} == {"—"}

    def test_a_retired_plan_takes_no_new_subscriptions(self, small, acme, globex, operator):
        dispatch(RetirePlan(code="small"), actor=operator)

        assert queries.plan_of(acme.id).code == "small"
        with pytest.raises(PlanNotOffered):
            dispatch(ChangePlan(tenant_id=globex.id, plan="small", reason="Me too."), actor=operator)
        with pytest.raises(DefaultPlanIsFixed):
            dispatch(RetirePlan(code="all"), actor=operator)
        with pytest.raises(PlanUnknown):
            dispatch(ChangePlan(tenant_id=globex.id, plan="huge", reason="More."), actor=operator)


class TestIsolation:
    def test_changing_the_plan_inside_a_tenant_is_refused(self, small, acme, owner):
        with activate(acme), pytest.raises(PlatformOnly):
            dispatch(ChangePlan(tenant_id=acme.id, plan="all", reason="Please."), actor=owner)

    def test_reading_subscriptions_by_raw_sql_in_a_tenant_is_denied(self, small, acme):
        with (
            activate(acme),
            connection.cursor() as cursor,
            pytest.raises(DatabaseError, match="permission denied"),
        ):
            cursor.execute("SELECT * FROM billing_subscription")

    def test_an_owner_reads_only_the_own_plan(self, small, client_for, owner, auditor):
        client = client_for(owner)
        response = client.get("/t/acme/api/v1/billing/plan/").json()
        assert (response["code"], response["modules"]) == ("small", ["webhooks"])
        [companies] = [usage for usage in response["usage"] if usage["name"] == "companies.companies"]
        assert (companies["used"], companies["maximum"]) == (1, 2)
        assert client.get("/t/acme/api/v1/billing/subscriptions/").status_code == 404
        assert client_for(auditor).get("/t/acme/api/v1/billing/plan/").status_code == 403
        assert b"Number of companies" in client.get("/t/acme/plan/").content


def test_the_cached_plan_of_one_tenant_is_never_used_for_another(small, acme, globex):
    """Limits cached in memory and in Redis, read in the tenant and by the platform."""
    for _ in range(2):
        with activate(acme):
            assert queries.limit("companies.companies") == 2
        with activate(globex):
            assert queries.limit("companies.companies") == limits.UNLIMITED
        assert (queries.plan_of(acme.id).code, queries.plan_of(globex.id).code) == ("small", "all")


def test_reading_a_cached_plan_takes_no_statement(small, acme):
    with activate(acme):
        queries.plan_of()
        with CaptureQueriesContext(connection) as statements:
            assert queries.is_subscribed("webhooks")
            assert queries.limit("identity.users") == 5
    assert len(statements) == 0


def test_a_repeated_change_of_the_plan_is_published_once(small, acme, operator):
    dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="Again."), actor=operator)

    event = OutboxEvent.objects.get(name="subscription.changed")
    assert (event.payload["before"], event.payload["after"], event.tenant_id) == ("all", "small", None)
    assert Subscription.objects.get(tenant_id=acme.id).reason == "Ordered."


def test_a_change_of_the_plan_is_instrumented(acme, operator, monkeypatch):
    """The instrumentation has the tenant and the subscription."""
    events = []
    monkeypatch.setattr(instrumentation, "record", events.append)

    dispatch(SMALL, actor=operator)
    subscription = dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="Ordered."), actor=operator)

    (event,) = events
    assert (event.name, event.tenant_id) == ("subscription_changed", acme.id)
    assert event.ids["subscription_id"] == subscription.pk


@pytest.mark.physical_copy
def test_a_new_tenant_has_the_plan_of_its_onboarding(operator):
    dispatch(SMALL, actor=operator)

    tenant = dispatch(
        OnboardTenant(slug="initech", name="Initech", owner_email="o@initech.example", plan="small"),
        actor=operator,
    )

    assert queries.plan_of(tenant.pk).code == "small"


def test_a_token_has_the_level_of_the_plan(small, acme, owner, client_for):
    response = client_for(owner).post(
        "/t/acme/api/v1/identity/tokens/",
        {"email": owner.email, "password": PASSWORD},
        content_type="application/json",
    )
    with activate(acme):
        assert access.read(response.json()["access_token"])["plan_level"] == 10


def test_the_operator_api_reads_the_plan_of_a_tenant(small, client_for, operator, acme):
    client = client_for(operator, None)

    plan = client.get(f"/api/v1/billing/tenants/{acme.id}/").json()
    assert (plan["code"], plan["modules"]) == ("small", ["webhooks"])
    assert client.get("/api/v1/billing/tenants/999/").status_code == 404
    retired = client.post("/api/v1/billing/plans/small/retire/", {}, content_type="application/json").json()
    assert (retired["code"], retired["is_offered"]) == ("small", False)


def test_the_usage_page_shows_the_share_of_each_limit(small, client_for, operator, acme):
    client = client_for(operator, None)
    page = client.get(f"/tenants/{acme.id}/usage/").content.decode()
    assert "Acme Corporation: Small" in page
    assert '<meter min="0" max="100" high="90" value="50">' in page
    assert client.get("/tenants/999/usage/").status_code == 404


def test_the_operator_pages_change_plans(small, client_for, operator, acme):
    client = client_for(operator, None)
    assert b"webhooks" in client.get("/billing/plan/").content
    page = client.get(f"/tenants/{acme.id}/plan/").content
    assert b"1 used, 2 allowed" in page
    edit(client, f"/tenants/{acme.id}/plan/", {"plan": "all", "reason": "Asked for it."})
    assert queries.plan_of(acme.id).code == "all"
    response = client.post(
        "/plans/define/",
        {
            "code": "mid",
            "name": "Mid",
            "level": 5,
            "modules": ["webhooks"],
            **dict.fromkeys(limits.LIMITS, -1),
            "companies.companies": 3,
            "reason": "Offered.",
        },
    )
    assert response.status_code == 302, response.context["form"].errors
    assert Plan.objects.get(code="mid").limits == {
        **dict.fromkeys(limits.LIMITS, -1),
        "companies.companies": 3,
    }


def test_the_form_of_a_plan_starts_with_its_current_values(small, client_for, operator, acme):
    client = client_for(operator, None)
    page = client.get("/plans/small/define/")
    fields = {**page.context["form"].initial, "level": 30, "reason": "Licensed."}
    assert fields["companies.companies"] == 2
    assert b"1, affected at once" in page.content

    facts = edit(client, "/plans/small/define/", {**fields, "preview": ""}).context["facts"]

    assert facts == [("Level", "10 → 30"), ("Tenants on this plan", "1, affected at once")]
    invalid = edit(client, "/plans/small/define/", {**fields, "modules": ["sales"], "preview": ""}).context[
        "facts"
    ]
    assert ("Refused", "sales requires inventory, payments, which is not in the plan.") in invalid
    assert Plan.objects.get(code="small").level == 10
    assert edit(client, "/plans/small/define/", fields).status_code == 302
    plan = Plan.objects.get(code="small")
    assert (plan.level, plan.modules, plan.limits) == (
        30,
        ["webhooks"],
        {**dict.fromkeys(limits.LIMITS, -1), "companies.companies": 2, "identity.users": 5},
    )
    assert client.get("/plans/huge/define/").status_code == 404
