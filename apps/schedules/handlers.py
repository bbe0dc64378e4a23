"""The handlers of the commands of schedules."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.edits import edits_columns
from apps.bus.plain import to_json
from apps.kernel.actors import Actor, acting
from apps.kernel.clock import now
from apps.kernel.correlation import correlation_id
from apps.kernel.reasons import reason_must_be_given

from . import rules
from .commands import CancelScheduledCommand, RescheduleCommand, ScheduleCommand
from .errors import ReasonMissing
from .models import ScheduledCommand


@handles(ScheduleCommand)
def schedule_command(command: ScheduleCommand) -> ScheduledCommand:
    reason = reason_must_be_given(command.reason, ReasonMissing)
    later = rules.command_must_be_schedulable(command.command, command.arguments)
    rules.sender_must_be_allowed(later, _actor())
    due_at = rules.time_must_be_ahead(command.local_time, command.time_zone)

    document = to_json(later)
    scheduled = ScheduledCommand(
        command=document["command"],
        arguments=document["fields"],
        reason=reason,
        correlation_id=correlation_id() or "",
        created_at=now(),
    )
    scheduled.set_sender(_actor())
    scheduled.set_time(command.local_time, command.time_zone, due_at)
    scheduled.save()
    return scheduled


@handles(
    RescheduleCommand,
    edits=edits_columns(ScheduledCommand, "scheduled_command_id", "local_time", "time_zone"),
)
def reschedule_command(command: RescheduleCommand) -> ScheduledCommand:
    """Its new time may be another person's decision, so that person becomes the sender."""
    reason = reason_must_be_given(command.reason, ReasonMissing)
    scheduled = rules.scheduled_command_must_be_waiting(command.scheduled_command_id)
    later = rules.command_must_be_schedulable(scheduled.command, scheduled.arguments)
    rules.sender_must_be_allowed(later, _actor())
    due_at = rules.time_must_be_ahead(command.local_time, command.time_zone)

    scheduled.reason = reason
    scheduled.set_sender(_actor())
    scheduled.set_time(command.local_time, command.time_zone, due_at)
    scheduled.restart(at=due_at)
    scheduled.save()
    return scheduled


@handles(CancelScheduledCommand)
def cancel_scheduled_command(command: CancelScheduledCommand) -> ScheduledCommand:
    reason_must_be_given(command.reason, ReasonMissing)
    scheduled = rules.scheduled_command_must_be_waiting(command.scheduled_command_id)

    scheduled.finish(ScheduledCommand.State.CANCELLED, scheduled.last_error)
    return scheduled


def _actor() -> Actor:
    actor = acting()
    if actor is None:
        raise RuntimeError("A command of schedules is handled by the bus only.")
    return actor
