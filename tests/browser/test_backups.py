"""Backups and restore drills in the operator console."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from tests.support.pages import log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_backups_and_restore_drills_are_listed(visit: Page, operator):
    log_in(visit, "", operator.email)
    visit.get_by_role("link", name="Backups").first.click()
    expect(visit.get_by_text("Backups appear here")).to_be_visible()

    for _ in ("backups", "restore drill"):
        call_command("backup_worker", "--once")
    visit.reload()

    expect(visit.get_by_role("rowheader", name="Globex")).to_be_visible()
    expect(visit.get_by_text("Done, verified")).to_be_visible()
    assert violations(visit) == []
