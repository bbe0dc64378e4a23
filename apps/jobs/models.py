"""Runs of jobs."""

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

RETENTION = dt.timedelta(days=7)
"""Of results, and of the parts of failed jobs."""


class RunQuerySet(LeasedQuerySet["Run"]):
    def unfinished(self) -> RunQuerySet:
        return self.filter(finished_at=None)


class Run(Leased, Sent, Tracked):
    """One execution of a job. The row is saved in the transaction of each step, so work and cursor always agree.

    job           the name of its declaration
    stage         the current one; empty before the first step
    cursor        at which the next step of the stage continues
    items_done    of the stage, of `items_total`; 0 of these is unknown
    parts         files that a later stage needs
    result        the file to download; empty before the end, and after the retention
    claims        number of claims by workers; a worker with an older number has lost the run
    attempts      since the last completed step
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    job = models.CharField(max_length=80)
    parameters = models.JSONField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    stage = models.CharField(max_length=40, blank=True)
    cursor = models.JSONField(null=True)
    items_done = models.PositiveBigIntegerField(default=0)
    items_total = models.PositiveBigIntegerField(default=0)
    parts = models.JSONField(default=list)
    result = models.CharField(max_length=400, blank=True)
    claims = models.PositiveIntegerField(default=0)
    correlation_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        default_permissions = ("view",)
        permissions = [("manage_jobs", "Can cancel and retry jobs")]
        constraints = [
            models.CheckConstraint(
                name="jobs_unfinished_run_is_due_sometime",
                condition=(Q(state="waiting") | Q(state="running"))
                & Q(next_at__isnull=False, finished_at=None)
                | (Q(state="done") | Q(state="failed") | Q(state="cancelled"))
                & Q(finished_at__isnull=False, leased_until=None),
            ),
        ]
        indexes = [
            models.Index(name="jobs_due", fields=["next_at"], condition=Q(finished_at=None)),
            models.Index(name="jobs_correlation", fields=["correlation_id"]),
        ]

    def __str__(self) -> str:
        return gettext("{job} (no. {pk})").format(job=self.job, pk=self.pk)

    @property
    def key(self) -> str:
        """The cause of all that it causes."""
        return f"job:{self.pk}"

    @property
    def folder(self) -> str:
        return f"jobs/{self.pk}"

    @property
    def is_retained(self) -> bool:
        return self.finished_at is not None and self.finished_at + RETENTION > now()

    @property
    def has_result(self) -> bool:
        return bool(self.result) and self.is_retained

    @property
    def percent(self) -> int | None:
        """Of the current stage."""
        if self.state == self.State.DONE:
            return 100
        return min(100, 100 * self.items_done // self.items_total) if self.items_total else None

    def begin_stage(self, stage: str, total: int) -> None:
        self.stage, self.cursor = stage, None
        self.items_done, self.items_total = 0, total

    def finish(self, state: Run.State, error: str = "") -> None:
        self.state, self.last_error, self.finished_at = state, error[:2000], now()
        self.leased_until = None

    def retry_at(self, instant: dt.datetime, error: str) -> None:
        self.state, self.next_at, self.leased_until = self.State.WAITING, instant, None
        self.last_error = error[:2000]

    def requeue(self) -> None:
        self.state = self.State.WAITING
        self.restart()

    def as_data(self) -> dict[str, Any]:
        """For JSON output."""
        names = ("job", "state", "stage", "items_done", "items_total", "attempts", "last_error", "actor_name")
        return {"id": self.pk, **{name: getattr(self, name) for name in names}}
