from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.kernel import clock
from apps.schedules.commands import ScheduleCommand
from apps.schedules.models import ScheduledCommand


@pytest.fixture
def scheduled(at_acme, owner, accountant) -> ScheduledCommand:
    """The deactivation of the accountant, tomorrow, scheduled by the owner."""
    return schedule(owner, accountant)


@pytest.fixture
def due(scheduled) -> Callable[..., AbstractContextManager[None]]:
    """`due()` moves the clock to when it is due, `due(days=3)` to three days later."""
    return lambda **later: clock.moved_to(scheduled.due_at + dt.timedelta(seconds=1, **later))


def schedule(actor: User, user: User, **options) -> ScheduledCommand:
    defaults = {
        "command": "identity.deactivate_user",
        "arguments": {"user_id": user.pk, "reason": "Leaves"},
        "local_time": f"{clock.now() + dt.timedelta(days=1):%Y-%m-%dT%H:%M}",
        "time_zone": "Europe/Berlin",
        "reason": "The contract ends",
    }
    return dispatch(ScheduleCommand(**(defaults | options)), actor=actor)


@pytest.fixture(name="schedule")
def schedule_fixture() -> Callable[..., ScheduledCommand]:
    return schedule
