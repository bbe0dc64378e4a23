"""A support session: start, banner on every page, end."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.impersonation.models import SupportSession
from apps.kernel.tenant import activate
from tests.support.pages import RULES, log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


REASON = "Ticket 4711: the trial balance does not add up."


def test_a_support_session_shows_a_banner_on_every_page_until_it_ends(visit: Page, acme, operator):
    faults = {}

    def look(name: str) -> None:
        faults[name] = violations(visit, RULES)

    log_in(visit, "", operator.email)
    visit.goto(f"/tenancy/tenant/{acme.id}/change/")
    visit.get_by_role("link", name="Enter as support").click()
    visit.get_by_label("Enter as").select_option(label="Controller (controller), controller@acme.example")
    visit.get_by_label("Reason").fill(REASON)
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_text("Controller at Acme Corporation")).to_be_visible()
    look("form")
    visit.get_by_role("button", name="Enter as support").click()
    expect(visit.get_by_role("heading", name="Support session as Controller")).to_be_visible()
    look("start")
    visit.get_by_role("button", name="Start session").click()

    banner = visit.get_by_role("region", name="Support session")
    for path in ("/", "/periods/", "/audit/record/", "/impersonation/supportsession/", "/sales/new-order/"):
        visit.goto(f"/t/acme{path}")
        expect(banner).to_contain_text("Olga Operator is signed in as Controller.")
        expect(banner).to_contain_text("30 min left")
        look(path)
    visit.goto("/t/acme/periods/")
    visit.mouse.wheel(0, 3000)
    expect(banner).to_be_in_viewport()
    banner.get_by_role("button", name="End session").click()

    expect(visit.get_by_role("heading", name="You no longer act as Controller")).to_be_visible()
    look("left")
    visit.goto("/t/acme/")
    expect(visit.get_by_role("heading", name="Sign in")).to_be_visible()
    visit.goto("/impersonation/impersonation/")
    expect(visit.get_by_text("Over", exact=True)).to_be_visible()
    look("list")
    with activate(acme):
        assert SupportSession.objects.get().end_reason == "left"
    assert {name: nodes for name, nodes in faults.items() if nodes} == {}
