"""Pages of a closed tenant, and the preview of a mode."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.kernel.clock import today
from apps.tenancy.commands import QueueTenantForDeletion, SetMode, SetTenantArchived, SetTenantSuspended
from tests.support.pages import log_in, page_with_faults, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


@pytest.fixture
def page(browser, web) -> Iterator[Page]:
    """As `visit`, but 403 and 503 are expected, although the browser logs them."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, base_url=web)
    page, faults = page_with_faults(context, web)
    yield page
    context.close()
    assert [fault for fault in faults if "403 (Forbidden)" not in fault and "503 (Service" not in fault] == []


def page_is_accessible(page: Page) -> None:
    assert violations(page) == []


@pytest.mark.parametrize(
    ("commands", "heading"),
    [
        ((SetTenantSuspended,), "Acme Corporation is suspended"),
        ((SetTenantArchived, QueueTenantForDeletion), "Acme Corporation is closed"),
        ((SetMode,), "Under maintenance"),
    ],
)
def test_a_closed_tenant_shows_the_reason(page: Page, acme, operator, commands, heading):
    more = {QueueTenantForDeletion: {"delete_after": today()}, SetMode: {"mode": "maintenance"}}
    for command in commands:
        dispatch(command(tenant_id=acme.id, reason="As agreed.", **more.get(command, {})), actor=operator)

    page.goto("/t/acme/")

    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    page_is_accessible(page)


def test_an_administrator_of_a_suspended_tenant_may_view_the_plan(
    page: Page, acme, operator, owner, accountant
):
    dispatch(SetTenantSuspended(tenant_id=acme.id, reason="Unpaid."), actor=operator)

    page.goto("/t/acme/")
    page.get_by_role("link", name="Sign in").click()
    _type(page, accountant.email)
    expect(page.get_by_role("heading", name="Acme Corporation is suspended")).to_be_visible()

    page.goto("/t/acme/accounts/login/")
    _type(page, owner.email)
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    page_is_accessible(page)
    page.get_by_role("link", name="View plan").click()
    expect(page.get_by_text("Acme Corporation is suspended.")).to_be_visible()
    page_is_accessible(page)


def test_an_archived_tenant_shows_a_banner(page: Page, acme, operator, owner):
    dispatch(SetTenantArchived(tenant_id=acme.id, reason="Left."), actor=operator)

    log_in(page, "/t/acme", owner.email)

    expect(page.get_by_text("Acme Corporation is archived: administrators can read")).to_be_visible()
    page_is_accessible(page)


def test_a_mode_is_previewed_and_set(page: Page, acme, operator):
    log_in(page, "", operator.email)
    page.goto(f"/tenancy/tenant/{acme.id}/change/")
    page.get_by_role("link", name="Mode", exact=True).click()
    page.get_by_label("Mode").select_option("maintenance")
    page.get_by_label("Reason").fill("We move it.")
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_text("Acme Corporation is in maintenance.")).to_be_visible()
    page_is_accessible(page)
    page.get_by_role("button", name="Set mode").click()
    expect(page.get_by_text("Active, maintenance")).to_be_visible()


def _type(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
