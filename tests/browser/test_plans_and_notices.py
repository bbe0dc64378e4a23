"""Plans, subscriptions and announcements."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.billing import queries as billing
from apps.kernel.tenant import activate
from apps.notices.models import Notice
from tests.support.pages import RULES, log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_a_plan_is_defined_and_subscribed_to(visit: Page, operator, acme):
    look, faults = accessibility_of(visit)
    log_in(visit, "", operator.email)

    visit.goto("/billing/plan/")
    look("plans")
    visit.get_by_role("link", name="Define plan").click()
    visit.get_by_label("Code").fill("wholesale")
    visit.get_by_label("Name").fill("Wholesale")
    visit.get_by_label("Level").fill("50")
    visit.get_by_label("webhooks").check()
    visit.get_by_label("Number of companies").fill("2")
    look("define")
    visit.get_by_role("button", name="Define plan").click()
    expect(visit.get_by_text("Wholesale").first).to_be_visible()
    look("plan")

    visit.goto(f"/tenants/{acme.id}/plan/")
    visit.get_by_label("Plan").select_option("wholesale")
    visit.get_by_label("Reason").fill("Subscribed.")
    look("change")
    visit.get_by_role("button", name="Change plan").click()
    expect(visit.get_by_text("The tenant is now on the plan Wholesale.")).to_be_visible()
    visit.get_by_role("link", name="Plan and usage").click()
    expect(visit.get_by_role("heading", name="Acme Corporation: Wholesale")).to_be_visible()
    look("usage")

    assert billing.plan_of(acme.id).code == "wholesale"
    assert {name: nodes for name, nodes in faults.items() if nodes} == {}


def test_an_owner_sends_an_announcement_then_adds_a_channel(visit: Page, owner, acme):
    look, faults = accessibility_of(visit)
    log_in(visit, "/t/acme", owner.email)

    visit.goto("/t/acme/plan/")
    look("your plan")
    visit.goto("/t/acme/notices/notice/")
    look("no notices")
    visit.get_by_role("link", name="Send announcement").last.click()  # that of the empty list
    visit.get_by_label("To", exact=True).fill("auditor")
    visit.get_by_label("Subject").fill("The books")
    visit.get_by_label("Text").fill("January is closed.")
    look("announce")
    visit.get_by_role("button", name="Send announcement").click()
    expect(visit.get_by_text("auditor@acme.example").first).to_be_visible()
    look("notice")
    visit.get_by_role("link", name="Resend").first.click()
    look("again")

    visit.goto("/t/acme/notices/channels/add/")
    visit.get_by_label("Name").fill("Room")
    visit.locator("[name=address]").fill("jsons://hooks.example.com/room")
    look("add a chat")
    visit.get_by_role("button", name="Add notification channel").click()
    expect(visit.get_by_text("jsons at hooks.example.com").first).to_be_visible()
    look("chat")
    visit.get_by_role("link", name="Remove").click()
    look("remove")

    with activate(acme):
        assert Notice.objects.get().to == ["auditor"]
    assert {name: nodes for name, nodes in faults.items() if nodes} == {}


def accessibility_of(page: Page):
    faults: dict[str, list[str]] = {}

    def look(name: str) -> None:
        faults[name] = violations(page, RULES)

    return look, faults
