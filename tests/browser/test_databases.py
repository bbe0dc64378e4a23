"""Databases in the operator console: placement and capacity."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.pages import log_in, violations

pytestmark = pytest.mark.exhaustive("axe-core over each page in both themes")


def test_the_capacity_of_a_database_can_be_changed(visit: Page, operator):
    log_in(visit, "", operator.email)
    visit.get_by_role("link", name="Databases").first.click()
    expect(visit.get_by_role("rowheader", name="home")).to_be_visible()
    assert violations(visit) == []

    visit.get_by_role("link", name="home").click()
    visit.get_by_label("Capacity").fill("120")
    visit.get_by_label("Reason").fill("a smaller machine")
    visit.get_by_role("button", name="Change database").click()

    expect(visit.get_by_role("cell", name="120")).to_be_visible()
