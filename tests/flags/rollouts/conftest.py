"""A flag whose published revision plans a rollout, and a clock to move."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.flags.commands import RolloutFeature
from apps.kernel import clock
from tests.support.published_flags import KEY, WEEK, document, publish


@pytest.fixture
def later():
    """`with later(hours=2):` moves the clock. The test begins long ago: the database refuses instants in the future."""
    with clock.moved_to(clock.now() - dt.timedelta(days=60)):
        yield lambda **by: clock.moved_to(clock.now() + dt.timedelta(**by))


@pytest.fixture
def rollout_of(operator):
    """Publishes a plan and starts its rollout."""

    def start(served=WEEK, key=KEY):
        publish(document(key, rollout=served), key)
        return dispatch(RolloutFeature(key=key, reason="As planned."), actor=operator)

    return start
