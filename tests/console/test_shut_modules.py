"""What a tenant has not booked is shut in its console too: whoever opens an address of it is told so, in words."""

from __future__ import annotations

import pytest

from apps.billing.commands import ChangePlan, DefinePlan
from apps.bus import dispatch
from apps.console import hooks
from apps.kernel.tenant import activate
from apps.modules import registry
from apps.sales.commands import AddCustomer
from tests.support.console_pages import TENANT, plain
from tests.support.database import TESTER
from tests.support.plans import UNLIMITED

LICENSED = {"sales", "inventory", "payments", "webhooks"}
TO_THE_ROW = "/1/"
"""Django sends it on to /1/change/."""


def pages_of(app: str) -> set[str]:
    """By their models, and by where the page was written."""
    own = {
        plain(page.path)
        for page in hooks.pages("tenant")
        if (getattr(page.view, "__module__", "") or type(page.view).__module__).startswith(f"apps.{app}.")
    }
    return own | {path for path in TENANT if path.startswith(f"{app}/") and not path.endswith(TO_THE_ROW)}


def on_a_plan_with(*modules: str, operator, acme) -> None:
    dispatch(DefinePlan(code="some", name="Some", level=1, modules=modules, limits=UNLIMITED), actor=operator)
    dispatch(ChangePlan(tenant_id=acme.id, plan="some", reason="Booked it."), actor=operator)


@pytest.fixture
def plain_books(operator, acme):
    """Acme has a customer, and is on a plan without anything that is sold."""
    with activate(acme):
        dispatch(AddCustomer(code="WAYNE", name="Wayne Enterprises", email="", address=""), actor=TESTER)
    on_a_plan_with(operator=operator, acme=acme)


def test_these_are_sold():
    assert {module.name for module in registry.modules() if module.licensed} == LICENSED
    assert all(len(pages_of(each)) > 5 for each in LICENSED)


@pytest.mark.slow("opens every page of every module")
def test_every_page_of_what_is_not_booked_says_so(plain_books, client_for, owner):
    client = client_for(owner)
    told = {
        f"{method} {path}": (response.status_code, b"is not in your plan" in response.content)
        for app in LICENSED
        for path in pages_of(app)
        for method in ("get", "post")
        for response in [getattr(client, method)(f"/t/acme/{path}")]
    }

    assert {path: said for path, said in told.items() if said != (403, True)} == {}


def test_no_other_page_is_shut(plain_books, client_for, owner):
    client = client_for(owner)
    others = set(TENANT) - set.union(*map(pages_of, LICENSED))

    shut = [
        path
        for path in others
        if b"is not in your plan" in getattr(client.get(f"/t/acme/{path}"), "content", b"")  # or a file
    ]

    assert (len(others) > 30, shut) == (True, [])


def test_nor_does_any_page_lead_there(plain_books, client_for, owner):
    """The menu, the dashboard, and what the palette finds."""
    client = client_for(owner)
    there = [
        client.get(f"/t/acme/{path}").content.decode()
        for path in (
            "",
            "search/?s=wayne&extended=1",
            "search/?s=order&extended=1",
            "search/?s=customers&extended=1",
        )
    ]

    assert "/t/acme/ledger/" in there[0]
    assert [f"/t/acme/{app}/" for app in LICENSED for page in there if f"/t/acme/{app}/" in page] == []
    assert "Wayne" not in "".join(there[1:])
    assert "Orders in progress" not in there[0]


def test_rows_are_not_found_from_a_list_of_choices_either(plain_books, client_for, owner):
    asked = {"app_label": "sales", "model_name": "order", "field_name": "customer"}

    assert b"Wayne" not in client_for(owner).get("/t/acme/autocomplete/", asked).content


def test_whoever_may_see_the_plan_is_led_to_it(plain_books, client_for, owner, auditor):
    assert b'href="/t/acme/plan/">See your plan' in client_for(owner).get("/t/acme/sales/order/").content
    assert b"See your plan" not in client_for(auditor).get("/t/acme/sales/order/").content


def test_who_is_not_signed_in_is_not_told(plain_books, client):
    assert client.get("/t/acme/sales/order/").status_code == 302


def test_what_is_booked_is_open_at_once(plain_books, client_for, owner, operator, acme):
    client = client_for(owner)
    assert client.get("/t/acme/sales/customer/").status_code == 403

    on_a_plan_with("sales", "inventory", "payments", operator=operator, acme=acme)

    assert b"Wayne" in client.get("/t/acme/sales/customer/").content
    assert client.get("/t/acme/webhooks/endpoint/").status_code == 403


def test_what_is_switched_off_says_that_it_is(acme, client_for, owner, settings, monkeypatch):
    monkeypatch.setattr(registry, "is_on", lambda module: module.name != "sales")

    page = client_for(owner).get("/t/acme/sales/order/")

    assert (page.status_code, b"Sales is switched off" in page.content) == (403, True)
