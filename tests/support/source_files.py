"""The product's source files, for tests that search them."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def sources() -> list[Path]:
    return [path for folder in ("apps", "config") for path in (ROOT / folder).rglob("*.py")]
