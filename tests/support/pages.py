"""Pages in a browser: faults, sign-in and accessibility."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from tests.support.database import PASSWORD

Theme = Literal["light", "dark"]
DARK = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules of axe-core that depend on the theme."""


def page_with_faults(context: BrowserContext, home: str) -> tuple[Page, list[str]]:
    """A new page, and a list that collects console errors, script errors and requests to other hosts than `home`."""
    context.set_default_timeout(120_000)
    context.add_init_script(_HOLD_REFRESHES + _WITHOUT_TRANSITIONS)
    page = context.new_page()
    faults: list[str] = []

    def collect_message(message: ConsoleMessage) -> None:
        if message.type == "error" and not expected(message.text):
            faults.append(message.text)

    def collect_request(request: Request) -> None:
        if foreign(request.url, home):
            faults.append(request.url)

    page.on("console", collect_message)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", collect_request)
    return page, faults


def foreign(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:", "about:"))


def expected(text: str) -> bool:
    """The browser logs every 4xx response as an error, those of refused forms included."""
    return any(status in text for status in ("401", "409", "412", "422"))


def log_in(page: Page, console: str, email: str) -> None:
    page.goto(f"{console}/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()


RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def violations(page: Page, options: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """Violations that axe-core reports for the light and the dark theme, after the page has loaded. Refreshing parts
    are held meanwhile, since axe fails on nodes that are replaced."""
    page.wait_for_load_state("networkidle")
    page.evaluate("refreshing.isHeld = true")
    page.wait_for_function("refreshing.open === 0")
    faults = broken_rules(page, options)
    switch_theme(page, "dark")
    faults += [f"dark theme: {fault}" for fault in broken_rules(page, DARK)]
    switch_theme(page, "light")
    page.evaluate("refreshing.isHeld = false")
    return faults


def switch_theme(page: Page, theme: Theme) -> None:
    """Switches the theme as if the page had been opened in it: Unfold reads the browser's preference only on load."""
    page.emulate_media(color_scheme=theme)
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", theme == "dark")


def broken_rules(page: Page, options: Mapping[str, Any] = MappingProxyType({})) -> list[str]:
    """The violations of axe-core in the present look of the page."""
    faults_only = {"resultTypes": ["violations"]}  # describing what passes would double the time
    response = Axe().run(page, options={**options, **faults_only}).response
    return [
        f"{rule['id']}: {node['html'][:160]}" for rule in response["violations"] for node in rule["nodes"]
    ]


def page_is_accessible(visit: Page, name: str) -> None:
    """Asserts that the page has no violation. With PICTURES=folder a screenshot is saved there."""
    if folder := os.environ.get("PICTURES"):
        visit.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
    assert violations(visit) == []


_HOLD_REFRESHES = """
window.refreshing = {isHeld: false, open: 0};
const fetchNow = window.fetch;
window.fetch = async (...request) => {
  if (refreshing.isHeld) return new Promise(() => {});
  refreshing.open += 1;
  try {
    return await fetchNow(...request);
  } finally {
    setTimeout(() => { refreshing.open -= 1; }, 100);  // when the page has read the body and replaced its part
  }
};
"""
_WITHOUT_TRANSITIONS = """
const still = new CSSStyleSheet();
still.replaceSync("*, *::before, *::after { transition: none !important }");
document.adoptedStyleSheets = [still];
"""
"""Without transitions, colours are those of the theme at once."""
