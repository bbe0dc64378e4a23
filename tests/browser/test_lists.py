"""Drafts are chosen in their list, previewed and posted together."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.commands import DraftEntry
from apps.ledger.models import Entry
from tests.support.books import FEB_9, JAN_9, YEAR, sale
from tests.support.pages import log_in, page_is_accessible

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_drafts_are_posted_from_their_list_after_a_preview(visit: Page, accountant, chart, acme):
    with activate(acme):
        for day in (FEB_9, JAN_9):
            command = DraftEntry(posted_on=day, memo=f"Of {day}", lines=sale("1234.50").lines)
            dispatch(command, actor=accountant)
    log_in(visit, "/t/acme", accountant.email)
    visit.goto("/t/acme/ledger/entry/?status__exact=draft")
    expect(visit.get_by_text("2,469.00 USD")).to_be_visible()
    page_is_accessible(visit, "drafts")

    for box in visit.locator("input.action-select").all():
        box.check()
    visit.locator("select[name=action]").select_option(label="Post drafts")
    visit.get_by_role("button", name="Run").click()
    expect(visit.get_by_text("Nothing is done yet. Of 2 rows, 2 will be done and 0 refused.")).to_be_visible()
    expect(visit.get_by_text(f"Posted on {JAN_9} as GEN-{YEAR}-1.")).to_be_visible()
    page_is_accessible(visit, "bulk-preview")
    visit.get_by_role("button", name="Post drafts").click()
    expect(visit.get_by_text("Done for 2 of 2 rows, 0 refused.")).to_be_visible()
    page_is_accessible(visit, "bulk-done")
    visit.get_by_role("link", name="Return to the list").click()

    expect(visit.get_by_text("No entries match these filters.")).to_be_visible()
    with activate(acme):
        assert Entry.objects.posted().count() == 2
