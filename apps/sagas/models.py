"""What is remembered of sagas: where each run stands, and what happened on its way."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.kernel.models import Tracked


class RunQuerySet(models.QuerySet["Run"]):
    def under_way(self) -> RunQuerySet:
        return self.filter(ended_at=None)


class Run(Tracked):
    """One journey. Its row is saved in the transaction of each step, so it is never elsewhere than its effects.

    subject   what it is about, such as "order:12"; a saga runs once for a subject, or once in each turn of it
    step      the name of the step that is next, in `direction`
    done      names of the steps that are done and not taken back, in order
    data      what the steps hand on
    stage     of the step, where that is a long one: which is under way, or was when its last try failed
    progress  how much of the way is behind it, in per cent
    version   grows whenever an executor takes the run; one that holds an older version has lost it
    attempts  of this step, counted before each try
    due_at    not before then; empty: now
    trouble   why it turned back or waits for an operator
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        COMPENSATING = "compensating", "On its way back"
        NEEDS_OPERATOR = "needs_operator", "Needs an operator"
        DONE = "done", "Done"
        COMPENSATED = "compensated", "Taken back"

    class Direction(models.TextChoices):
        FORTH = "forth", "Forward"
        BACK = "back", "Back"

    saga = models.CharField(max_length=80)
    subject = models.CharField(max_length=120)
    turn = models.PositiveIntegerField(default=1, db_default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    direction = models.CharField(max_length=8, choices=Direction.choices, default=Direction.FORTH)
    step = models.CharField(max_length=80)
    stage = models.CharField(max_length=40, blank=True, default="", db_default="")
    done = models.JSONField(default=list)
    data = models.JSONField()
    progress = models.PositiveSmallIntegerField(default=0, db_default=0)
    version = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    waits_until = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField()
    last_error = models.TextField(blank=True)
    actor_name = models.CharField(max_length=200)
    correlation_id = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    moved_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = "journey"
        default_permissions = ("view",)
        permissions = [("manage_sagas", "Can retry, skip and turn back sagas")]
        constraints = [
            models.UniqueConstraint(name="saga_once_in_a_turn", fields=["saga", "subject", "turn"]),
            models.CheckConstraint(
                name="saga_ends_in_a_final_state",
                condition=Q(ended_at=None, state__regex="^(running|waiting|compensating|needs_operator)$")
                | Q(ended_at__isnull=False, state__regex="^(done|compensated)$"),
            ),
        ]
        indexes = [
            models.Index(name="saga_under_way", fields=["moved_at"], condition=Q(ended_at=None)),
            models.Index(name="saga_of_subject", fields=["subject"]),
        ]

    def __str__(self) -> str:
        return f"{self.saga} of {self.subject}"


class Happening(models.Model):
    """One thing that happened on a run's way: its timeline. Written once."""

    class What(models.TextChoices):
        BEGAN = "began", "Began"
        STAGE = "stage", "At a stage"
        DONE = "done", "Done"
        WAITS = "waits", "Waits"
        FAILED = "failed", "Failed, will be tried again"
        REFUSED = "refused", "Refused"
        TURNED = "turned", "Turned back"
        UNDONE = "undone", "Taken back"
        STUCK = "stuck", "Needs an operator"
        RETRIED = "retried", "Retried by an operator"
        SKIPPED = "skipped", "Skipped by an operator"
        FORCED = "forced", "Sent back by an operator"
        ENDED = "ended", "Ended"

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="happenings")
    at = models.DateTimeField()
    what = models.CharField(max_length=8, choices=What.choices)
    step = models.CharField(max_length=80, blank=True)
    direction = models.CharField(max_length=8, choices=Run.Direction.choices)
    attempt = models.PositiveSmallIntegerField(default=0)
    detail = models.TextField(blank=True)
    actor_name = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.step}"
