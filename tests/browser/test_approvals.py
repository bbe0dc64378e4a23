"""Accessibility of the pages of approvals in both themes: the inbox with its preview, a request, and the decisions."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from apps.audit.commands import ErasePerson
from apps.kernel.tenant import activate
from tests.support.approvals import requested
from tests.support.pages import RULES, log_in, violations
from tests.support.people import new_user

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


@pytest.fixture
def request_(acme, owner, second_owner):
    with activate(acme):
        berta = new_user("berta@acme.example", "Berta Bauer", "auditor")
        return requested(ErasePerson(user_id=berta.pk, texts=("Berta Bauer",), reason="By letter."), owner)


def test_pages_of_approvals_are_accessible(visit: Page, request_):
    faults = {}
    log_in(visit, "/t/acme", "oda@acme.example")
    page = f"approvals/{request_.pk}/"
    decisions = (f"{page}revisions/1/approve/", f"{page}revisions/1/reject/")
    for path in ("approvals/", page, *decisions, "approvals/?list=history"):
        visit.goto(f"/t/acme/{path}")
        faults[path] = violations(visit, RULES)

    assert {path: nodes for path, nodes in faults.items() if nodes} == {}
