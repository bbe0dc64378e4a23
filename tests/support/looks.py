"""A page in four looks: a wide and a narrow screen, the light and the dark theme. It is loaded once, and its looks are
switched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tests.support.pages import Theme, broken_rules, switch_theme

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
LOOKS: tuple[tuple[str, ViewportSize, tuple[Theme, Theme]], ...] = (
    ("wide", WIDE, ("light", "dark")),
    ("narrow", NARROW, ("dark", "light")),
)
"""The name, the size of the screen, and the themes: axe-core runs in the first, so once in each theme."""
CHECKS = Path(__file__).with_suffix(".js").read_text()
ALL_RULES: dict[str, Any] = {"rules": {"target-size": {"enabled": True}}}
"""Rules of any impact, and the one of WCAG 2.2 that axe-core runs on request only."""


def faults_of(page: Page, name: str) -> list[str]:
    """Faults of the loaded page. With PICTURES=folder, screenshots and the faults are saved there."""
    faults = [f"{name}: {fault}" for fault in _faults(page, name.strip("/").replace("/", "_") or "start")]
    if folder := os.environ.get("PICTURES"):
        with Path(folder, "faults.txt").open("a") as file:
            file.writelines(f"{fault}\n" for fault in faults)
    return faults


def _faults(page: Page, name: str) -> Iterator[str]:
    page.evaluate("window.refreshing && (refreshing.isHeld = true)")
    yield from page.evaluate(f"{CHECKS}.structure()")
    for look, size, themes in LOOKS:
        page.set_viewport_size(size)
        for fault in page.evaluate(f"{CHECKS}.layout()"):
            yield f"{look}: {fault}"
        for theme in themes if os.environ.get("PICTURES") else themes[:1]:
            switch_theme(page, theme)
            _picture(page, f"{name}-{look}-{theme}")
            if theme == themes[0]:
                for fault in broken_rules(page, ALL_RULES):
                    yield f"{look}, {theme}: {fault}"
    page.set_viewport_size(WIDE)
    switch_theme(page, "light")


def _picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=True)
