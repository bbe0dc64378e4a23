"""Servers of a single test, separate from the servers of the suite."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.env import env
from tests.support.processes import home_of_servers


@pytest.fixture
def servers_home() -> Iterator[Path]:
    with home_of_servers() as home:
        yield home


@pytest.fixture
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Without the keys of the suite."""
    for name in [name for name in os.environ if not name.startswith(("PYTEST", "PATH", "HOME", "DJANGO"))]:
        monkeypatch.delenv(name)
    env.cache_clear()
    yield
    env.cache_clear()
