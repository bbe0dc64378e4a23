"""An operator onboards and suspends a tenant, and previews its erasure."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import log_in, page_is_accessible

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


@pytest.mark.physical_copy
def test_workflows_of_a_tenant_are_shown(visit: Page, operator):
    log_in(visit, "", operator.email)
    visit.get_by_role("link", name="Onboard a tenant").first.click()
    page_is_accessible(visit, "onboard")
    visit.locator("[name=name]").fill("Initech")
    visit.locator("[name=slug]").fill("initech")
    visit.locator("[name=owner_email]").fill("bill@initech.example")
    visit.get_by_role("button", name="Onboard tenant").click()

    expect(visit.get_by_text("100 %, done")).to_be_visible()
    expect(visit.get_by_text("company structure")).to_be_visible()
    expect(visit.get_by_text("Invitation of the owner, bill@initech.example")).to_be_visible()
    page_is_accessible(visit, "workflows")

    here = visit.url.replace("workflows/", "")
    visit.goto(here + "suspend/")
    page_is_accessible(visit, "suspend")
    visit.locator("[name=reason]").fill("Three invoices are unpaid.")
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_text("scheduled tasks")).to_be_visible()
    page_is_accessible(visit, "suspend-preview")
    visit.get_by_role("button", name="Suspend tenant").click()
    expect(visit.get_by_text("Suspension", exact=False).first).to_be_visible()
    page_is_accessible(visit, "suspended")

    visit.goto(here + "erase/")
    visit.locator("[name=reason]").fill("They asked for it.")
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_text("rows in")).to_be_visible()
    page_is_accessible(visit, "erase")
