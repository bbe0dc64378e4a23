"""The commands of schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from apps.bus import Command

SCHEDULE_PERMISSION = "schedules.schedule_command"


@dataclass(frozen=True, kw_only=True)
class ScheduleCommand(Command):
    """Schedule a command for a local time. When it is due, permission and rules are checked again, and it is executed
    once, under your name.

    command     the name of a command that can be scheduled: "identity.deactivate_user"
    arguments   its fields, as in its endpoint
    local_time  without an offset: "2027-03-01T08:30"
    time_zone   "Europe/Berlin"
    """

    permission = SCHEDULE_PERMISSION
    audit_message = gettext_noop("scheduled {result} for {local_time} ({time_zone}): {reason}")

    command: str
    arguments: dict[str, Any]
    local_time: str
    time_zone: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RescheduleCommand(Command):
    """Set another time for a scheduled command. It is then executed under your name."""

    permission = SCHEDULE_PERMISSION
    audit_message = gettext_noop("rescheduled {result} for {local_time} ({time_zone}): {reason}")

    scheduled_command_id: int
    local_time: str
    time_zone: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CancelScheduledCommand(Command):
    """Cancel a scheduled command before it is executed."""

    permission = SCHEDULE_PERMISSION
    audit_message = gettext_noop("cancelled {result}: {reason}")

    scheduled_command_id: int
    reason: str
