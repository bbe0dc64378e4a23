"""Accessibility of the audit log's pages in both themes: integrity, history, record, cold storage, erasure."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from apps.audit import sealing
from apps.audit.models import Record
from apps.audit.verification import verify_and_record
from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting
from tests.support.pages import RULES, log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


@pytest.fixture
def change(acme, owner):
    with activate(acme):
        for value in (12, 15):
            dispatch(ChangeSetting(key="periods.reason_length", value=value), actor=owner)
        sealing.seal()
        verify_and_record()
        return Record.objects.latest("id")


def test_pages_of_the_audit_log_are_accessible(visit: Page, change):
    faults = {}
    log_in(visit, "/t/acme", "owner@acme.example")
    for path in (
        "audit/integrity/",
        f"audit/people/{change.actor_id}/",
        f"audit/record/{change.pk}/change/",
        "audit/move-to-cold-storage/",
        "audit/erase-person/",
    ):
        visit.goto(f"/t/acme/{path}")
        faults[path] = violations(visit, RULES)

    assert {path: nodes for path, nodes in faults.items() if nodes} == {}
