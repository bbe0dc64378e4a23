"""Runs of sagas, and the log of each run."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.db.retries import Retried, RetriedQuerySet
from apps.kernel.machine_text import MachineText
from apps.kernel.models import Tracked


class RunQuerySet(RetriedQuerySet["Run"]):
    def in_progress(self) -> RunQuerySet:
        return self.filter(finished_at=None)

    def executable(self) -> RunQuerySet:
        """In progress, without the need of an operator."""
        return self.in_progress().exclude(state=Run.State.NEEDS_ATTENTION)


class Run(Retried, Tracked):
    """One execution of a saga. Its row is saved in the transaction of each step, so state and effects always agree.

    subject          what the run is about, such as "order:12"
    run_number       of the subject: 1, and more where the saga repeats
    step             the name of the current step, in `direction`
    completed_steps  names of the steps completed and not compensated, in order
    data             the state that steps share
    stage            of a long-running step: the current one, or the one in which the last attempt failed
    progress         in per cent
    version          grows with each claim by an executor; an executor with an older version has lost the run
    attempts         of this step, counted before each attempt
    next_at          not before then; empty: now
    last_error       why the run compensates or needs an operator
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting")
        COMPENSATING = "compensating", _("Rolling back")
        NEEDS_ATTENTION = "needs_attention", _("Needs attention")
        DONE = "done", _("Done")
        COMPENSATED = "compensated", _("Rolled back")

    class Direction(models.TextChoices):
        FORWARD = "forward", _("Forward")
        COMPENSATING = "compensating", _("Rolling back")

    saga = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    run_number = models.PositiveIntegerField(default=1, db_default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    direction = models.CharField(max_length=16, choices=Direction.choices, default=Direction.FORWARD)
    step = models.CharField(max_length=80)
    stage = models.CharField(max_length=40, blank=True, default="", db_default="")
    completed_steps = models.JSONField(default=list)
    data = models.JSONField()
    progress = models.PositiveSmallIntegerField(default=0, db_default=0)
    version = models.PositiveIntegerField(default=0)
    waits_until = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()
    actor_name = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    moved_at = models.DateTimeField()

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("workflow")
        default_permissions = ("view",)
        permissions = [("manage_sagas", "Can retry, skip and roll back workflows")]
        constraints = [
            models.UniqueConstraint(name="saga_run_number", fields=["saga", "subject", "run_number"]),
            models.CheckConstraint(
                name="saga_ends_in_a_final_state",
                condition=Q(finished_at=None, state__regex="^(running|waiting|compensating|needs_attention)$")
                | Q(finished_at__isnull=False, state__regex="^(done|compensated)$"),
            ),
        ]
        indexes = [
            models.Index(name="saga_in_progress", fields=["moved_at"], condition=Q(finished_at=None)),
            models.Index(name="saga_of_subject", fields=["subject"]),
        ]

    def __str__(self) -> str:
        return gettext("{saga} of {subject}").format(saga=self.saga, subject=self.subject)

    @property
    def is_waiting(self) -> bool:
        return self.state == self.State.WAITING

    @property
    def is_compensating(self) -> bool:
        """Also after the last compensation."""
        return self.direction == self.Direction.COMPENSATING

    @property
    def is_compensated(self) -> bool:
        return self.state == self.State.COMPENSATED

    @property
    def needs_operator(self) -> bool:
        return self.state == self.State.NEEDS_ATTENTION

    @property
    def can_continue(self) -> bool:
        """Whether the next transition can follow at once."""
        return self.finished_at is None and self.next_at is None and not self.needs_operator


class LogEntry(models.Model):
    """One transition of a run. Append-only."""

    class Kind(models.TextChoices):
        BEGAN = "began", _("Started")
        STAGE = "stage", _("Stage started")
        DONE = "done", _("Done")
        WAITS = "waits", _("Waits")
        FAILED = "failed", _("Failed, will be retried")
        REFUSED = "refused", _("Refused")
        COMPENSATING = "compensating", _("Rollback started")
        COMPENSATED = "compensated", _("Rolled back")
        STUCK = "stuck", _("Needs attention")
        RETRIED = "retried", _("Retried by an operator")
        SKIPPED = "skipped", _("Skipped by an operator")
        FORCED = "forced", _("Rollback started by an operator")
        ENDED = "ended", _("Ended")

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="log_entries")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    step = models.CharField(max_length=80, blank=True)
    direction = models.CharField(max_length=16, choices=Run.Direction.choices)
    attempt = models.PositiveSmallIntegerField(default=0)
    detail = MachineText(blank=True)
    actor_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name_plural = _("log entries")
        default_permissions = ("view",)
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.step}"
