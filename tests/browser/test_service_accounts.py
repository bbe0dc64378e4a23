"""A service account is created after the password was confirmed, and its token is shown once."""

from __future__ import annotations

import datetime as dt
from importlib import import_module

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from apps.kernel.clock import now
from apps.kernel.tenant import TenantInfo, activate
from apps.service_accounts.models import ServiceAccount
from tests.support.database import PASSWORD
from tests.support.pages import RULES, log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def make_stale(visit: Page, tenant: TenantInfo) -> None:
    """As if the sign-in had been an hour ago."""
    (key,) = (
        cookie["value"]
        for cookie in visit.context.cookies()
        if cookie["name"] == f"bursar_session_{tenant.id}"
    )
    with activate(tenant):
        session = import_module(settings.SESSION_ENGINE).SessionStore(key)
        session["authenticated_at"] = (now() - dt.timedelta(hours=1)).isoformat()
        session.save()


def test_an_owner_creates_a_service_account_after_confirming_the_password(visit: Page, acme):
    faults = {}

    def look(name: str) -> None:
        faults[name] = violations(visit, RULES)

    log_in(visit, "/t/acme", "owner@acme.example")
    make_stale(visit, acme)
    visit.goto("/t/acme/service_accounts/serviceaccount/")
    visit.get_by_role("link", name="Create service account").click()
    visit.get_by_label("Name").fill("payroll")
    visit.get_by_label("Purpose").fill("posts salaries")
    visit.get_by_label("ledger.post_entry", exact=True).check()
    visit.get_by_label("ledger.view_entry", exact=True).check()
    look("service-account-form")
    visit.get_by_role("button", name="Create service account").click()

    expect(visit.get_by_role("heading", name="Confirm your password")).to_be_visible()
    look("step-up")
    visit.get_by_label("Your password").fill(PASSWORD)
    visit.get_by_role("button", name="Continue").click()

    expect(visit.get_by_text("bursar_sa_acme_")).to_be_visible()
    look("service-account-token")
    visit.get_by_role("link", name="To the service account").click()
    look("service-account")
    visit.goto("/t/acme/service_accounts/serviceaccount/")
    look("service-accounts")
    with activate(acme):
        assert ServiceAccount.objects.get().scopes == ["ledger.post_entry", "ledger.view_entry"]
    assert {name: nodes for name, nodes in faults.items() if nodes} == {}
