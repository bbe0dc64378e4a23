"""Attachments of an entry: upload, download and removal, on a desktop and on a telephone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from apps.bus import dispatch
from apps.kernel.tenant import activate
from tests.support.books import sale
from tests.support.pages import log_in, page_is_accessible
from tests.support.uploads import PDF

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")
NAME = "A receipt with a long name of a supplier in another country 2026.pdf"


def test_a_file_is_attached_downloaded_and_removed(visit: Page, accountant, chart, acme):
    with activate(acme):
        entry = dispatch(sale(), actor=accountant)
    log_in(visit, "/t/acme", accountant.email)
    visit.goto(f"/t/acme/ledger/entry/{entry.pk}/change/")

    visit.get_by_label("File").set_input_files({"name": NAME, "mimeType": "application/pdf", "buffer": PDF})
    visit.get_by_role("button", name="Attach file").click()
    expect(visit.get_by_text(f"{NAME} is attached.")).to_be_visible()
    page_is_accessible(visit, "attachments")
    visit.set_viewport_size({"width": 390, "height": 900})
    assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page_is_accessible(visit, "attachments-390")

    with visit.expect_download() as download:
        visit.get_by_role("link", name=NAME, exact=True).click()
    assert download.value.suggested_filename == NAME
    assert Path(download.value.path()).read_bytes() == PDF

    visit.get_by_role("link", name=f"Remove {NAME}").click()
    page_is_accessible(visit, "attachment-removal-390")
    visit.get_by_label("Reason").fill("wrong entry")
    visit.get_by_role("button", name="Remove attachment").click()
    expect(visit.get_by_text("wrong entry")).to_be_visible()
    expect(visit.get_by_role("link", name=NAME, exact=True)).to_have_count(0)


def test_a_file_with_a_script_is_refused_with_its_reason(visit: Page, accountant, chart, acme):
    with activate(acme):
        entry = dispatch(sale(), actor=accountant)
    log_in(visit, "/t/acme", accountant.email)
    visit.goto(f"/t/acme/ledger/entry/{entry.pk}/change/")

    visit.get_by_label("File").set_input_files(
        {"name": "note.txt", "mimeType": "text/plain", "buffer": b"<script>alert(1)</script>"}
    )
    visit.get_by_role("button", name="Attach file").click()

    expect(visit.get_by_text("contains a program, a script or a page")).to_be_visible()
    page_is_accessible(visit, "attachment-refused")
