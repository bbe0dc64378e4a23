"""Scheduled commands."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.bus.senders import Sent
from apps.kernel.clock import now
from apps.kernel.db.retries import Leased, LeasedQuerySet
from apps.kernel.models import Tracked


class ScheduledCommandQuerySet(LeasedQuerySet["ScheduledCommand"]):
    def waiting(self) -> ScheduledCommandQuerySet:
        return self.filter(state=ScheduledCommand.State.WAITING)


class ScheduledCommand(Leased, Sent, Tracked):
    """A command that is executed at a local time, for its sender.

    command, arguments  the command in its canonical form; they never change
    local_time          as entered, without an offset: 2027-03-01T08:30
    due_at              the instant of the local time
    leased_until        set while the outcome of an execution is not recorded
    last_error          of a refusal, or of the last failed attempt
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    PROGRESS = ("state", "attempts", "next_at", "leased_until", "last_error", "finished_at")

    command = models.CharField(max_length=120)
    arguments = models.JSONField()
    local_time = models.CharField(max_length=19)
    time_zone = models.CharField(max_length=64)
    due_at = models.DateTimeField()
    reason = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    objects = ScheduledCommandQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("schedule_command", "Can schedule commands and cancel scheduled ones")]
        constraints = [
            models.CheckConstraint(
                name="schedules_waiting_command_is_due_sometime",
                condition=Q(state="waiting", next_at__isnull=False, finished_at=None)
                | ~Q(state="waiting") & Q(finished_at__isnull=False, leased_until=None),
            ),
        ]
        indexes = [
            models.Index(name="schedules_due", fields=["next_at"], condition=Q(state="waiting")),
            models.Index(name="schedules_correlation", fields=["correlation_id"]),
        ]

    def __str__(self) -> str:
        return gettext("{command} (no. {pk})").format(command=self.command, pk=self.pk)

    @property
    def key(self) -> str:
        """The idempotency key of its execution, and the cause of all that it causes."""
        return f"scheduled_command:{self.pk}"

    @property
    def document(self) -> dict[str, Any]:
        return {"command": self.command, "fields": self.arguments}

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def shown_time(self) -> str:
        return f"{self.local_time.replace('T', ' ')} ({self.time_zone})"

    def set_time(self, local_time: str, time_zone: str, due_at: dt.datetime) -> None:
        self.local_time, self.time_zone, self.due_at = local_time, time_zone, due_at
        self.next_at = due_at

    def finish(self, state: ScheduledCommand.State, error: str = "") -> None:
        self.state, self.last_error, self.finished_at = state, error[:2000], now()
        self.leased_until = None
        self.save(update_fields=self.PROGRESS)

    def retry_at(self, instant: dt.datetime, error: str) -> None:
        self.next_at, self.leased_until, self.last_error = instant, None, error[:2000]
        self.save(update_fields=self.PROGRESS)
