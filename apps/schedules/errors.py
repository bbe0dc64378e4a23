"""The refusals of schedules."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class CommandNotSchedulable(Invalid):
    message = _("{title} cannot be scheduled: run it when it is needed.")


class TimeZoneUnknown(Invalid):
    message = _("There is no time zone {time_zone!r}. Use a name such as Europe/Berlin.")


class LocalTimeMalformed(Invalid):
    message = _("{local_time!r} is not a local time. Write it as 2027-03-01T08:30, without an offset.")


class TimeIsPast(Invalid):
    message = _("{local_time} in {time_zone} is in the past.")


class TimeTooFar(Invalid):
    message = _("{local_time} in {time_zone} is more than {years} years ahead.")


class ReasonMissing(ReasonRequired):
    """For a scheduled command, its new time, and its cancellation."""


class ScheduledCommandNotFound(NotFound):
    message = _("There is no scheduled command {scheduled_command_id}.")


class ScheduledCommandFinished(Conflict):
    message = _("The scheduled command {scheduled} is finished already: {state}.")


class ScheduledCommandInProgress(Conflict):
    message = _("The scheduled command {scheduled} is being executed at this moment.")
    retry_after = 5


class ScheduledCommandFixed(Conflict):
    """A stored command never changes; cancel it and schedule another one."""

    message = _("A scheduled command is stored once and does not change.")
    enforced_by = ("BQ001",)
