"""The import of a journal, from the upload to its result."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from apps.jobs import running
from apps.kernel.tenant import activate
from apps.ledger.import_models import JournalImport
from apps.ledger.models import Entry
from tests.support.books import JAN_9
from tests.support.imports import HEADER
from tests.support.pages import log_in, page_is_accessible

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")
TEXTS = "A payee with a long name,A narration that is longer than a narrow screen"
ROWS = [
    f"{number},{JAN_9},{TEXTS},{line},{account},USD,{amount}"
    for number in range(30)
    for line, account, amount in (
        (1, "Expenses:Rent of the office", "1250000.50"),
        (2, "Cash", "-1250000.50"),
    )
]


def upload(*rows: str) -> dict[str, object]:
    return {"name": "july.csv", "mimeType": "text/csv", "buffer": "\n".join([HEADER, *rows]).encode()}


def test_a_file_is_uploaded_previewed_then_imported(visit: Page, controller, chart, acme):
    log_in(visit, "/t/acme", controller.email)
    visit.goto("/t/acme/ledger/entry/")
    visit.get_by_role("link", name="Import", exact=True).first.click()
    page_is_accessible(visit, "import")

    visit.get_by_label("Journal", exact=True).set_input_files(upload(ROWS[0], ROWS[0], "x"))
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_text("1 cells, but the header has 8")).to_be_visible()
    page_is_accessible(visit, "import-refused")
    visit.get_by_label("Journal", exact=True).set_input_files(upload(*ROWS))
    visit.get_by_label("Open missing accounts").check()
    visit.get_by_role("button", name="Preview").click()
    expect(visit.get_by_text("Preview of july.csv")).to_be_visible()
    page_is_accessible(visit, "import-preview")
    for width in (1360, 390):
        visit.set_viewport_size({"width": width, "height": 900})
        assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page_is_accessible(visit, "import-preview-390")
    visit.get_by_role("button", name="Import", exact=True).click()
    expect(visit.get_by_text("The import of july.csv has started.")).to_be_visible()

    with activate(acme):
        running.run_slice(JournalImport.objects.get().job_id)
        assert Entry.objects.posted().count() == 30
    expect(visit.get_by_text("30 of 30 entries posted or discarded")).to_be_visible()
    assert visit.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page_is_accessible(visit, "import-done-390")
