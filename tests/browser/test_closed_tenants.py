"""What a customer sees of a tenant that is closed, and the operator before he closes one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.kernel.clock import today
from apps.tenancy.commands import QueueTenantForDeletion, SetMode, SetTenantArchived, SetTenantSuspended
from tests.support.pages import log_in, violations, watched

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


@pytest.fixture
def look(browser, web) -> Iterator[Page]:
    """As `visit`, but the closed door, which the browser writes to its console, is what one came for."""
    context = browser.new_context(viewport={"width": 1360, "height": 900}, base_url=web)
    page, faults = watched(context, web)
    yield page
    context.close()
    assert [fault for fault in faults if "403 (Forbidden)" not in fault and "503 (Service" not in fault] == []


def clean(page: Page) -> None:
    """Nothing stands against anybody's reading it."""
    assert violations(page) == []


@pytest.mark.parametrize(
    ("commands", "heading"),
    [
        ((SetTenantSuspended,), "Acme Corporation is suspended"),
        ((SetTenantArchived, QueueTenantForDeletion), "Acme Corporation is closed"),
        ((SetMode,), "We are working on it"),
    ],
)
def test_a_closed_door_says_why_and_what_is_left(look: Page, acme, operator, commands, heading):
    more = {QueueTenantForDeletion: {"delete_after": today()}, SetMode: {"mode": "maintenance"}}
    for command in commands:
        dispatch(command(tenant_id=acme.id, reason="As agreed.", **more.get(command, {})), actor=operator)

    look.goto("/t/acme/")

    expect(look.get_by_role("heading", name=heading)).to_be_visible()
    clean(look)


def test_whoever_is_in_charge_signs_in_to_see_the_plan(look: Page, acme, operator, owner, accountant):
    dispatch(SetTenantSuspended(tenant_id=acme.id, reason="Unpaid."), actor=operator)

    look.goto("/t/acme/")
    look.get_by_role("link", name="Sign in").click()
    _type(look, accountant.email)
    expect(look.get_by_role("heading", name="Acme Corporation is suspended")).to_be_visible()

    look.goto("/t/acme/accounts/login/")
    _type(look, owner.email)
    expect(look.get_by_role("link", name="Sign out")).to_be_visible()
    clean(look)
    look.get_by_role("link", name="See the plan").click()
    expect(look.get_by_text("Acme Corporation is suspended.")).to_be_visible()
    clean(look)


def test_an_archived_tenant_is_read_under_a_banner(look: Page, acme, operator, owner):
    dispatch(SetTenantArchived(tenant_id=acme.id, reason="Left."), actor=operator)

    log_in(look, "/t/acme", owner.email)

    expect(look.get_by_text("Acme Corporation is archived: administrators can read")).to_be_visible()
    clean(look)


def test_a_mode_is_looked_at_before_it_is_set(look: Page, acme, operator):
    log_in(look, "", operator.email)
    look.goto(f"/tenancy/tenant/{acme.id}/change/")
    look.get_by_role("link", name="Mode", exact=True).click()
    look.get_by_label("Mode").select_option("maintenance")
    look.get_by_label("Reason").fill("We move it.")
    look.get_by_role("button", name="Preview").click()

    expect(look.get_by_text("Acme Corporation is in maintenance")).to_be_visible()
    clean(look)
    look.get_by_role("button", name="Set mode").click()
    expect(look.get_by_text("Active, maintenance")).to_be_visible()


def _type(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
