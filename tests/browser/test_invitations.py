"""Pages of invitations: an owner invites, and the invited person accepts and signs in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.identity.models import Invitation
from apps.kernel.tenant import activate
from tests.support.pages import RULES, log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_an_owner_invites_a_person_who_accepts_and_signs_in(visit: Page, acme):
    faults = {}

    def look(name: str) -> None:
        faults[name] = violations(visit, RULES)

    log_in(visit, "/t/acme", "owner@acme.example")
    visit.goto("/t/acme/identity/invitation/")
    look("list")
    visit.goto("/t/acme/identity/invite/")
    look("invite")
    visit.get_by_label("E-mail address").fill("ada@acme.example")
    visit.locator("[name=name]").fill("Ada")
    visit.get_by_role("button", name="Invite user").click()
    expect(visit.get_by_text("Ada is invited: a link is sent to ada@acme.example.")).to_be_visible()
    look("invitation")
    visit.get_by_role("link", name="Resend").click()
    look("resend")
    with activate(acme):
        token = Invitation.objects.get(email="ada@acme.example").sign_token()
    visit.context.clear_cookies()

    visit.goto(f"/t/acme/accounts/invitation/{token}/")
    look("accept")
    visit.get_by_label("New password", exact=True).fill("purple monkey dishwasher")
    visit.get_by_label("New password again").fill("purple monkey dishwasher")
    visit.get_by_role("button", name="Accept invitation").click()
    expect(visit.get_by_role("heading", name="Your account is ready")).to_be_visible()
    look("accepted")
    visit.get_by_role("link", name="Sign in").click()
    visit.locator("input[name=login]").fill("ada@acme.example")
    visit.locator("input[name=password]").fill("purple monkey dishwasher")
    visit.locator("form button[type=submit]").first.click()
    expect(visit.get_by_role("link", name="Dashboard")).to_be_visible()

    assert {name: nodes for name, nodes in faults.items() if nodes} == {}
