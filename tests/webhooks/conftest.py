"""A source of messages and a movable clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel import clock
from apps.kernel.tenant import TenantInfo
from apps.webhooks.commands import AddSource
from apps.webhooks.models import Source
from tests.support.source import PROVIDERS_SECRET


@pytest.fixture
def source(at_acme: TenantInfo, owner: User, hinted: object) -> Source:
    """A source with the scheme of Standard Webhooks."""
    return dispatch(AddSource(name="psp", scheme="standard", secret=PROVIDERS_SECRET), actor=owner)


@pytest.fixture
def later() -> Callable[[dt.timedelta], object]:
    """`with later(hours=2):` moves the clock by two hours."""
    return lambda **by: clock.moved_to(clock.now() + dt.timedelta(**by))
