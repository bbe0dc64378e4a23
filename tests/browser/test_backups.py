"""The operator looks at how well tenants are kept."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from tests.support.pages import log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_backups_and_their_drills_are_told(visit: Page, operator):
    log_in(visit, "", operator.email)
    visit.get_by_role("link", name="Backups").first.click()
    expect(visit.get_by_text("Nothing was backed up yet")).to_be_visible()

    for _ in ("make", "try"):
        call_command("backup_worker", "--once")
    visit.reload()

    expect(visit.get_by_role("rowheader", name="Globex")).to_be_visible()
    expect(visit.get_by_text("Done, tried")).to_be_visible()
    assert violations(visit) == []
