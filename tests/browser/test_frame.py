"""The frame of the consoles by keyboard: skip link, menu, palette, filters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.support.looks import NARROW, faults_of
from tests.support.pages import broken_rules, log_in, switch_theme


@pytest.mark.slow("a browser and a web process")
def test_the_frame_is_used_by_keyboard(visit: Page, acme):
    log_in(visit, "/t/acme", "owner@acme.example")
    visit.goto("/t/acme/identity/user/")

    visit.keyboard.press("Tab")
    expect(visit.get_by_role("link", name="Skip to the content")).to_be_focused()
    visit.keyboard.press("Enter")
    expect(visit.locator("main")).to_be_focused()

    _the_palette_announces_and_opens_what_is_chosen(visit)
    visit.goto("/t/acme/identity/user/")
    _the_filters_are_readable_in_the_dark(visit)
    _the_menu_opens_and_closes_on_a_narrow_screen(visit)
    assert faults_of(visit, "users") == []


def _the_palette_announces_and_opens_what_is_chosen(page: Page) -> None:
    page.keyboard.press("Control+K")
    term = page.get_by_role("combobox", name="Search pages and rows")
    expect(term).to_be_focused()
    expect(term).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("invit")
    expect(page.get_by_role("dialog", name="Search").get_by_role("status")).to_contain_text("result")
    expect(term).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("option", selected=True)
    expect(chosen).to_have_count(1)
    expect(term).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
    assert broken_rules(page) == []
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    address = chosen.get_attribute("href") or ""
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")

    page.keyboard.press("Control+K")
    page.keyboard.type("invit")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.type("audit log")
    page.keyboard.press("Enter")  # before the hits of the new term
    page.wait_for_url("**/audit/record/")

    page.keyboard.press("Control+K")
    page.keyboard.type("no such thing anywhere")
    expect(page.get_by_role("dialog", name="Search").get_by_role("status")).to_have_text("No result")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()


def _the_filters_are_readable_in_the_dark(page: Page) -> None:
    switch_theme(page, "dark")
    page.get_by_role("button", name="Filters").press("Enter")
    filters = page.get_by_role("dialog", name="Filters")
    expect(filters).to_be_visible()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    expect(filters).to_be_hidden()
    expect(page.get_by_role("button", name="Filters")).to_be_focused()
    switch_theme(page, "light")


def _the_menu_opens_and_closes_on_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size(NARROW)
    menu = page.get_by_role("navigation", name="Menu")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(menu).to_be_visible()
    expect(menu.get_by_role("link").first).to_be_focused()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()
