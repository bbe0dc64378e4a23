"""Servers of a test's own, apart from those that the suite itself runs on."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def servers_home() -> Iterator[Path]:
    """Not `tmp_path`: under root that is closed to the user whom the servers run as."""
    place = Path(tempfile.mkdtemp(prefix="bursar-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place, ignore_errors=True)
