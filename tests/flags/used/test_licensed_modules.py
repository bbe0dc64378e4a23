"""Licensed modules as permission flags below the ceiling of the plan; plans name features, with limits."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.billing import queries as billing
from apps.billing.commands import ChangePlan, DefinePlan
from apps.billing.errors import ModuleNotLicensed
from apps.billing.features import entitled_flags, names_for_plans
from apps.bus import dispatch
from apps.bus.errors import FeatureOff
from apps.flags import queries
from apps.flags.commands import KillFlag
from apps.flags.store.served import SERVED
from apps.kernel.features import DECLARED, declare_flag
from apps.kernel.tenant import activate
from apps.modules import registry
from apps.sales.commands import AddCustomer
from tests.support.plans import UNLIMITED, limited

CUSTOMER = AddCustomer(code="A", name="A", email="", address="")


@pytest.fixture
def small(operator, acme):
    """acme has webhooks and no other licensed module."""
    plan = DefinePlan(code="small", name="Small", level=10, modules=("webhooks",), limits=UNLIMITED)
    dispatch(plan, actor=operator)
    dispatch(ChangePlan(tenant_id=acme.id, plan="small", reason="Agreed."), actor=operator)


@pytest.fixture
def declared():
    """A feature that plans may name, and one with the name of a limit."""
    for key, entitlement in (("forecasts", "forecasts"), ("more-users", "identity.users")):
        declare_flag(
            key=key,
            category="permission",
            type=bool,
            default=True,
            description="For the test",
            owner="tests@bursar.example",
            expires_on=dt.date(2030, 1, 1),
            entitlement=entitlement,
        )
    SERVED.forget()
    yield
    for key in ("forecasts", "more-users"):
        del DECLARED[key]
    SERVED.forget()


def test_every_licensed_module_has_its_permission_flag():
    licensed = {module.flag for module in registry.modules() if module.licensed}

    assert licensed == {"sales", "payments", "inventory", "webhooks"}
    assert licensed <= {flag.key for flag in entitled_flags()}


def test_a_module_is_open_only_if_its_plan_and_its_flag_allow_it(small, acme, globex, controller):
    with activate(acme):
        assert registry.is_open(registry.by_name()["webhooks"])
        assert queries.evaluation("sales").reason == "NOT_ENTITLED"
        with pytest.raises(FeatureOff):
            dispatch(CUSTOMER, actor=controller)
    with activate(globex):
        assert registry.is_open(registry.by_name()["sales"])


def test_a_killed_module_is_closed_although_the_plan_has_it(acme, globex, controller, client_for, owner):
    with activate(acme):
        dispatch(KillFlag(key="sales", reason="Prices are wrong."), actor=owner)

    with activate(acme), pytest.raises(FeatureOff):
        dispatch(CUSTOMER, actor=controller)
    page = client_for(owner).get("/t/acme/sales/customer/")
    assert page.status_code == 403
    assert "switched off" in page.content.decode()
    with activate(globex):
        assert registry.is_open(registry.by_name()["sales"])


class TestPlans:
    def test_a_plan_names_features_and_refuses_unknown_ones(self, declared, operator):
        plan = DefinePlan(code="p", name="P", level=1, modules=("forecasts",), limits=UNLIMITED)

        assert dispatch(plan, actor=operator).modules == ["forecasts"]

        assert "identity.users" not in names_for_plans()
        with pytest.raises(ModuleNotLicensed):
            dispatch(
                DefinePlan(code="q", name="Q", level=1, modules=("sails",), limits=UNLIMITED), actor=operator
            )

    def test_the_plan_page_and_the_api_show_features_with_their_usage(
        self, declared, operator, acme, owner, api, client_for
    ):
        limits = limited(identity__users=50)
        dispatch(
            DefinePlan(code="p", name="P", level=1, modules=("webhooks",), limits=limits), actor=operator
        )
        dispatch(ChangePlan(tenant_id=acme.id, plan="p", reason="Agreed."), actor=operator)

        shown = {one["key"]: one for one in api(owner).get("billing/plan/").json()["features"]}

        assert [shown["forecasts"][name] for name in ("is_in_plan", "is_on", "used")] == [False, False, None]
        more = shown["more-users"]
        assert (more["is_in_plan"], more["is_on"], more["maximum"]) == (True, True, 50)
        assert more["used"] > 1
        assert shown["webhooks"]["is_on"]
        page = client_for(owner).get("/t/acme/plan/").content.decode()
        assert "forecasts" in page
        with activate(acme):
            assert {one.key for one in billing.subscription_summary().features} == shown.keys()
