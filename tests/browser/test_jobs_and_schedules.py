"""A scheduled command and a job, from their forms to their outcome."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.jobs import running
from apps.jobs.models import Run
from apps.kernel.tenant import activate
from apps.ledger.commands import ExportJournal
from apps.schedules.models import ScheduledCommand
from tests.support.pages import RULES, log_in, page_is_accessible, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")
NARROW = {"width": 390, "height": 844}


def test_an_owner_schedules_an_announcement_then_cancels_it(visit: Page, owner, acme):
    log_in(visit, "/t/acme", owner.email)
    visit.goto("/t/acme/schedules/scheduledcommand/")
    visit.get_by_role("link", name="Schedule command").last.click()  # that of the empty list
    page_is_accessible(visit, "schedulable")
    visit.get_by_role("link", name="Send announcement").last.click()
    visit.get_by_label("Subject").fill("The books")
    visit.get_by_label("Text").fill("January is closed.")
    visit.get_by_label("Local time").fill("2030-03-31T02:30")
    visit.get_by_label("Reason").fill("After the closing")
    page_is_accessible(visit, "schedule")
    visit.get_by_role("button", name="Schedule command").click()
    expect(visit.get_by_text("2030-03-31 02:30").first).to_be_visible()
    page_is_accessible(visit, "scheduled")
    visit.goto("/t/acme/schedules/scheduledcommand/")
    assert violations(visit, RULES) == []
    visit.set_viewport_size(NARROW)
    assert violations(visit, RULES) == []
    visit.get_by_role("link", name="notices.send_announcement").first.click()
    visit.get_by_role("link", name="Cancel").click()
    visit.get_by_label("Reason").fill("Not closed")
    visit.get_by_role("button", name="Cancel scheduled command").click()
    expect(visit.get_by_text("Cancelled").first).to_be_visible()

    with activate(acme):
        assert ScheduledCommand.objects.get().state == "cancelled"


def test_the_page_of_an_export_refreshes_until_its_result_is_there(visit: Page, accountant, acme):
    log_in(visit, "/t/acme", accountant.email)
    visit.goto("/t/acme/ledger/export/")
    visit.get_by_role("button", name="Export journal").click()
    expect(visit.locator("[data-refresh]")).to_be_visible()

    with activate(acme):
        running.run_slice(Run.objects.get().pk)

    expect(visit.locator("[data-refresh]")).to_have_count(0)
    page_is_accessible(visit, "job-done")
    with visit.expect_download() as download:
        visit.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "journal.csv"
    visit.goto("/t/acme/jobs/run/")
    assert violations(visit, RULES) == []


def test_the_page_of_a_waiting_job_is_accessible_in_any_width(visit: Page, accountant, acme):
    with activate(acme):
        run = dispatch(ExportJournal(), actor=accountant)
    log_in(visit, "/t/acme", accountant.email)

    for width in (1440, 390):
        visit.set_viewport_size({"width": width, "height": 900})
        visit.goto(f"/t/acme/jobs/run/{run.pk}/change/")
        page_is_accessible(visit, f"job-{width}")
