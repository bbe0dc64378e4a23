"""A module outside the tenant's plan is unavailable in the console too: its pages give the reason."""

from __future__ import annotations

import pytest

from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.console import hooks
from apps.kernel.search import Search
from apps.kernel.tenant import activate
from apps.modules import registry
from apps.sales.commands import AddCustomer
from tests.support.console_pages import TENANT, plain
from tests.support.database import TESTER
from tests.support.plans import UNLIMITED

LICENSED = {"sales", "inventory", "payments", "webhooks"}
ROW_SUFFIX = "/1/"
"""Django redirects /1/ to /1/change/."""


def pages_of(app: str) -> set[str]:
    """Pages of the app's models, and pages that its code defines."""
    own = {
        plain(page.path)
        for page in hooks.pages("tenant")
        if (getattr(page.view, "__module__", "") or type(page.view).__module__).startswith(f"apps.{app}.")
    }
    return own | {path for path in TENANT if path.startswith(f"{app}/") and not path.endswith(ROW_SUFFIX)}


def on_a_plan_with(*modules: str, operator, acme) -> None:
    dispatch(DefinePlan(code="some", name="Some", level=1, modules=modules, limits=UNLIMITED), actor=operator)
    dispatch(ChangePlan(tenant_id=acme.id, plan="some", reason="Subscribed."), actor=operator)


@pytest.fixture
def core_plan(operator, acme):
    """Acme has a customer, and a plan without licensed modules."""
    with activate(acme):
        dispatch(AddCustomer(code="WAYNE", name="Wayne Enterprises", email="", address=""), actor=TESTER)
    on_a_plan_with(operator=operator, acme=acme)


def test_the_licensed_modules_have_pages():
    assert {module.name for module in registry.modules() if module.licensed} == LICENSED
    assert all(len(pages_of(app)) > 5 for app in LICENSED)


@pytest.mark.exhaustive("opens every page of every module", inside=True)
def test_every_page_of_a_module_outside_the_plan_is_forbidden_with_the_reason(
    core_plan, client_for, owner, sample
):
    client = client_for(owner)
    pages = [
        (app, method, path)
        for app in sorted(LICENSED)
        for path in sorted(pages_of(app))
        for method in ("get", "post")
    ]
    outcomes = {
        f"{method} {path}": (response.status_code, b"is not in your plan" in response.content)
        for _, method, path in sample.of(pages, 4, by=lambda page: page[:2])
        for response in [getattr(client, method)(f"/t/acme/{path}")]
    }

    assert {page: outcome for page, outcome in outcomes.items() if outcome != (403, True)} == {}


@pytest.mark.exhaustive("a control that opens every page")
def test_pages_of_other_modules_stay_available(core_plan, client_for, owner):
    client = client_for(owner)
    others = set(TENANT) - set.union(*map(pages_of, LICENSED))

    unavailable = [
        path
        for path in others
        if b"is not in your plan" in getattr(client.get(f"/t/acme/{path}"), "content", b"")  # or a file
    ]

    assert (len(others) > 30, unavailable) == (True, [])


def test_no_menu_dashboard_or_search_links_to_a_module_outside_the_plan(core_plan, client_for, owner):
    client = client_for(owner)
    pages = [
        client.get(f"/t/acme/{path}").content.decode()
        for path in (
            "",
            "search/?s=wayne&extended=1",
            "search/?s=order&extended=1",
            "search/?s=customers&extended=1",
        )
    ]

    assert "/t/acme/ledger/" in pages[0]
    assert [f"/t/acme/{app}/" for app in LICENSED for page in pages if f"/t/acme/{app}/" in page] == []
    assert "Wayne" not in "".join(pages[1:])
    assert "Orders in progress" not in pages[0]


def test_a_search_matches_no_related_row_of_a_module_outside_the_plan(
    core_plan, client_for, owner, monkeypatch
):
    permitted = {}

    def rows(search, queryset, term, may):
        permitted[term] = [may("sales.view_customer"), may("ledger.view_entry")]
        return queryset.none()

    monkeypatch.setattr(Search, "rows", rows)
    client = client_for(owner)
    client.get("/t/acme/ledger/entry/?q=wayne")
    client.get("/t/acme/search/?s=acme&extended=1")

    assert permitted == {"wayne": [False, True], "acme": [False, True]}


def test_autocomplete_omits_rows_of_a_module_outside_the_plan(core_plan, client_for, owner):
    field = {"app_label": "sales", "model_name": "order", "field_name": "customer"}

    assert b"Wayne" not in client_for(owner).get("/t/acme/autocomplete/", field).content


def test_the_link_to_the_plan_requires_the_permission(core_plan, client_for, owner, auditor):
    assert b'href="/t/acme/plan/">View plan' in client_for(owner).get("/t/acme/sales/order/").content
    assert b"View plan" not in client_for(auditor).get("/t/acme/sales/order/").content


def test_a_module_outside_the_plan_without_sign_in_redirects_to_the_sign_in_page(core_plan, client):
    assert client.get("/t/acme/sales/order/").status_code == 302


def test_a_module_is_available_as_soon_as_the_plan_includes_it(core_plan, client_for, owner, operator, acme):
    client = client_for(owner)
    assert client.get("/t/acme/sales/customer/").status_code == 403

    on_a_plan_with("sales", "inventory", "payments", operator=operator, acme=acme)

    assert b"Wayne" in client.get("/t/acme/sales/customer/").content
    assert client.get("/t/acme/webhooks/endpoint/").status_code == 403


def test_a_page_of_a_module_that_is_switched_off_gives_the_reason(
    acme, client_for, owner, settings, monkeypatch
):
    monkeypatch.setattr(registry, "is_on", lambda module: module.name != "sales")

    page = client_for(owner).get("/t/acme/sales/order/")

    assert (page.status_code, b"Sales is switched off" in page.content) == (403, True)
