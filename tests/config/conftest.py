"""Servers of a test's own, apart from those that the suite itself runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import home_of_servers


@pytest.fixture
def servers_home() -> Iterator[Path]:
    with home_of_servers() as home:
        yield home
