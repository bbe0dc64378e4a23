"""Both consoles in a browser, against a real web process."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.audit.models import Record
from apps.bus import dispatch
from apps.identity.models import Invitation
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Entry
from apps.periods.models import Period
from apps.tenancy.models import Tenant
from tests.support.pages import log_in, switch_theme


@pytest.fixture
def chart(acme):
    with activate(acme):
        for code, name, kind in (("1000", "Cash", "asset"), ("4000", "Sales", "income")):
            dispatch(OpenAccount(code=code, name=name, type=kind), actor=System("The suite"))


@pytest.mark.slow("a browser and a web process")
def test_a_controller_closes_a_period_and_finds_it_in_the_audit_log(visit: Page, acme):
    log_in(visit, "/t/acme", "controller@acme.example")
    with activate(acme):
        january = Period.objects.order_by("starts_on").first().code

    visit.locator("a[href$='/t/acme/periods/']").first.click()
    visit.get_by_role("link", name=f"Close {january}").click()
    visit.get_by_label("Reason").fill("short")
    visit.get_by_role("button", name="Close period").click()
    expect(visit.get_by_role("alert")).to_contain_text("periods.reason_too_short")
    visit.get_by_label("Reason").fill("Bank agreed to the cent.")
    visit.get_by_role("button", name="Close period").click()
    expect(visit.get_by_text(f"Period {january} is closed")).to_be_visible()
    expect(visit.get_by_text("by Controller")).to_be_visible()

    visit.get_by_role("link", name="Audit log").click()
    expect(visit.get_by_text(f"Controller closed period {january}.")).to_be_visible()
    expect(visit.get_by_text("Bank agreed to the cent.")).to_be_visible()
    with activate(acme):
        assert (
            Record.objects.get(command="periods.close_period", outcome="done").reason
            == "Bank agreed to the cent."
        )


@pytest.mark.slow("a browser and a web process")
def test_an_accountant_posts_an_entry_in_the_entry_form(visit: Page, chart, acme):
    log_in(visit, "/t/acme", "accountant@acme.example")

    visit.get_by_role("link", name="New entry").click()
    visit.get_by_label("Memo").fill("Cash sale")
    visit.get_by_label("Account of line 1").fill("1000 Cash")
    visit.get_by_label("Debit of line 1").fill("12.50")
    expect(visit.get_by_text("out by 12.5")).to_be_visible()
    visit.get_by_label("Account of line 2").fill("4000 Sales")
    visit.get_by_label("Credit of line 2").fill("12.50")
    currency = visit.get_by_label("Currency of line 2").input_value()
    visit.get_by_label("Currency of line 2").fill("CHF")
    expect(visit.get_by_text(f"out by 12.5 {currency}, 12.5 CHF")).to_be_visible()
    visit.get_by_label("Currency of line 2").fill(currency)
    expect(visit.get_by_text("balanced")).to_be_visible()
    visit.get_by_role("button", name="Post").click()

    expect(visit.get_by_text("is posted.")).to_be_visible()
    with activate(acme):
        assert Entry.objects.get().memo == "Cash sale"


@pytest.mark.slow("a browser and a web process")
@pytest.mark.physical_copy
def test_an_operator_onboards_a_tenant_whose_owner_signs_in(visit: Page):
    log_in(visit, "", "operator@bursar.example")

    visit.get_by_role("link", name="Onboard a tenant").click()
    visit.get_by_label("Name", exact=False).first.fill("Initech")
    visit.get_by_label("Short name").fill("initech")
    visit.get_by_label("Owner's e-mail address").fill("bill@initech.example")
    visit.get_by_role("button", name="Onboard tenant").click()

    expect(visit.get_by_text("Initech is active").first).to_be_visible()
    expect(visit.get_by_text("bill@initech.example").first).to_be_visible()
    with activate(Tenant.objects.get(slug="initech").info):
        token = Invitation.objects.get(email="bill@initech.example").sign_token()
    visit.goto(f"/t/initech/accounts/invitation/{token}/")
    visit.get_by_label("New password", exact=True).fill("purple monkey dishwasher")
    visit.get_by_label("New password again").fill("purple monkey dishwasher")
    visit.get_by_role("button", name="Accept invitation").click()
    expect(visit.get_by_role("heading", name="Your account is ready")).to_be_visible()
    visit.goto("/t/initech/")
    visit.locator("input[name=login]").fill("bill@initech.example")
    visit.locator("input[name=password]").fill("purple monkey dishwasher")
    visit.locator("form button[type=submit]").first.click()
    expect(visit.get_by_text("Open periods")).to_be_visible()


@pytest.mark.exhaustive("a control of the tests with axe-core")
@pytest.mark.parametrize("path", ["/t/acme/", "/"])
def test_a_page_switched_to_dark_equals_a_page_opened_in_dark(visit: Page, path):
    visit.goto(path)
    switch_theme(visit, "dark")
    switched = visit.evaluate(COLOURS)
    visit.goto(path)
    opened = visit.evaluate(COLOURS)
    switch_theme(visit, "light")

    assert opened == switched
    assert visit.evaluate(COLOURS) != opened


COLOURS = """[...document.querySelectorAll("*")].map(
  node => [node.tagName, getComputedStyle(node).color, getComputedStyle(node).backgroundColor]
)"""
