"""Servers of a single test, separate from the servers of the suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import home_of_servers


@pytest.fixture
def servers_home() -> Iterator[Path]:
    with home_of_servers() as home:
        yield home
