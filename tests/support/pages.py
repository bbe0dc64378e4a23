"""Pages in a real browser: opened, logged in to, and looked at for faults."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.database import PASSWORD

in_one_theme = pytest.mark.parametrize("visit", ["light"], indirect=True)
"""For a test that does not look whether everybody can read what is there."""


def watched(context: BrowserContext, home: str) -> tuple[Page, list[str]]:
    page, faults = context.new_page(), []
    page.on(
        "console", lambda said: said.type == "error" and not expected(said.text) and faults.append(said.text)
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: foreign(asked.url, home) and faults.append(asked.url))
    return page, faults


def foreign(url: str, home: str) -> bool:
    return not url.startswith((home, "data:", "blob:", "about:"))


def expected(text: str) -> bool:
    """The browser writes every 4xx answer to its console; a refused form is one."""
    return "422" in text or "409" in text


def log_in(page: Page, console: str, email: str) -> None:
    page.goto(f"{console}/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()


def found(axe, page: Page, rules) -> list[str]:
    faults_only = {"resultTypes": ["violations"]}  # to describe what is well would take as long again
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in axe.run(page, options=rules | faults_only).response["violations"]
        for node in each["nodes"]
    ]


def looked_at(visit: Page, name: str) -> None:
    """Nothing stands in the way of those who cannot see it. With PICTURES=folder it is kept for those who can."""
    if folder := os.environ.get("PICTURES"):
        visit.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
    found = Axe().run(visit).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []


RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
