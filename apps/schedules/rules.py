"""The rules of schedules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from apps.bus import Command
from apps.bus.fresh_authentication import must_be_fresh
from apps.bus.middleware import actor_must_be_allowed
from apps.bus.plain import from_entered_json
from apps.kernel.actors import Actor
from apps.kernel.clock import now

from . import queries
from .errors import (
    CommandNotSchedulable,
    ScheduledCommandFinished,
    ScheduledCommandInProgress,
    ScheduledCommandNotFound,
    TimeIsPast,
    TimeTooFar,
)
from .local_times import instant_of
from .models import ScheduledCommand

MAX_YEARS_AHEAD = 10


def command_must_be_schedulable(name: str, arguments: dict[str, Any]) -> Command:
    """Raises CommandUnknown, CommandMalformed, CommandNotSchedulable."""
    command = from_entered_json({"command": name, "fields": arguments})
    if not queries.is_schedulable(type(command)):
        raise CommandNotSchedulable(title=command.title())
    return command


def sender_must_be_allowed(command: Command, actor: Actor) -> None:
    """The permission of the scheduled command is required now, and again when it is due; a fresh authentication now,
    as there is no person to ask when it is due."""
    actor_must_be_allowed(type(command), actor)
    must_be_fresh(type(command), actor)


def time_must_be_ahead(local_time: str, time_zone: str) -> dt.datetime:
    """The instant of the local time."""
    due_at = instant_of(local_time, time_zone)
    if due_at <= now():
        raise TimeIsPast(local_time=local_time, time_zone=time_zone)
    if due_at > now() + dt.timedelta(days=366 * MAX_YEARS_AHEAD):
        raise TimeTooFar(local_time=local_time, time_zone=time_zone, years=MAX_YEARS_AHEAD)
    return due_at


def scheduled_command_must_be_waiting(scheduled_command_id: int) -> ScheduledCommand:
    """Locks the row. A command whose execution has begun is refused until its outcome is recorded: a killed worker may
    have executed it."""
    locked = ScheduledCommand.objects.select_for_update(no_key=True)
    scheduled = locked.filter(pk=scheduled_command_id).first()
    if scheduled is None:
        raise ScheduledCommandNotFound(scheduled_command_id=scheduled_command_id)
    if not scheduled.is_waiting:
        raise ScheduledCommandFinished(scheduled=scheduled, state=str(scheduled.get_state_display()).lower())
    if scheduled.leased_until is not None:
        raise ScheduledCommandInProgress(scheduled=scheduled)
    return scheduled
