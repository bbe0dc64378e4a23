"""Pages of users and their API sessions."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.identity.models import ApiSession, User
from apps.kernel.tenant import activate
from tests.support.pages import RULES, log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_an_owner_changes_roles_and_ends_an_api_session(visit: Page, device, accountant, acme):
    session = device(accountant).tokens["session_id"]
    faults = {}

    def look(name: str) -> None:
        faults[name] = violations(visit, RULES)

    log_in(visit, "/t/acme", "owner@acme.example")
    visit.goto(f"/t/acme/identity/user/{accountant.pk}/change/")
    look("person")
    visit.get_by_role("link", name="Change roles").click()
    expect(visit.get_by_text("on 1 device")).to_be_visible()
    look("roles")
    visit.get_by_label("Accountant").uncheck()
    visit.get_by_label("Auditor").check()
    visit.get_by_label("Reason").fill("A new job.")
    visit.get_by_role("button", name="Change roles").click()
    expect(visit.get_by_text("The roles of Accountant are now: auditor.")).to_be_visible()

    visit.get_by_role("link", name="Deactivate").click()
    look("deactivate")
    visit.goto("/t/acme/identity/apisession/")
    look("sessions")
    visit.goto(f"/t/acme/identity/apisession/{session}/change/")
    look("session")
    visit.get_by_role("link", name="Sign out").click()
    look("sign out")
    visit.get_by_label("Reason").fill("A lost phone.")
    visit.get_by_role("button", name="End session").click()
    expect(visit.get_by_text("has ended. Its next request is refused.")).to_be_visible()

    with activate(acme):
        assert User.objects.get(pk=accountant.pk).role_names == ["auditor"]
        assert not ApiSession.objects.get(pk=session).is_open
    assert {name: nodes for name, nodes in faults.items() if nodes} == {}
