"""A clock to move."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.kernel import clock


@pytest.fixture
def later():
    """`with later(days=30):` moves the clock."""
    return lambda **by: clock.moved_to(clock.now() + dt.timedelta(**by))
