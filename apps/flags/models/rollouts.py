"""Rollouts: how far the plan of a published revision has come."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.models import Tracked

from .changes import Revision


class Rollout(Tracked):
    """The rollout of one revision's plan. Triggers refuse a stage outside the plan, a stage of a plan that is no longer
    served, and a stage before the previous one has lasted; they also write its steps.

    stage        number of stages reached: 0 before the first one, when only the canary segment is inside
    percentage   share of the units inside, in percent
    stage_since  the instant since which the stage lasts; of the resumption after a pause
    ended_at     of completion or roll-back
    reason       of the last change
    """

    class State(models.TextChoices):
        INITIATED = "initiated", _("Initiated")
        PROGRESSING = "progressing", _("Progressing")
        PAUSED = "paused", _("Paused")
        COMPLETED = "completed", _("Completed")
        ROLLED_BACK = "rolled_back", _("Rolled back")

    TRANSITIONS: ClassVar = frozenset(
        {
            (State.INITIATED, State.PROGRESSING),
            (State.INITIATED, State.PAUSED),
            (State.INITIATED, State.ROLLED_BACK),
            (State.PROGRESSING, State.PROGRESSING),
            (State.PROGRESSING, State.PAUSED),
            (State.PROGRESSING, State.COMPLETED),
            (State.PROGRESSING, State.ROLLED_BACK),
            (State.PAUSED, State.INITIATED),
            (State.PAUSED, State.PROGRESSING),
            (State.PAUSED, State.ROLLED_BACK),
            (State.COMPLETED, State.ROLLED_BACK),
        }
    )
    ACTIVE: ClassVar = (State.INITIATED, State.PROGRESSING, State.PAUSED)

    key = models.CharField(max_length=100)
    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=11, choices=State.choices, default=State.INITIATED)
    stage = models.PositiveSmallIntegerField(default=0)
    percentage = models.FloatField(default=0.0)
    stage_since = models.DateTimeField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    changed_by_name = models.CharField(max_length=200)
    reason = models.TextField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="flags_one_active_rollout",
                fields=["key"],
                condition=Q(state__regex=r"\A(initiated|progressing|paused)\Z"),
            ),
            models.CheckConstraint(
                name="flags_rollout_ends_at_some_time",
                condition=Q(state__regex=r"\A(completed|rolled_back)\Z", ended_at__isnull=False)
                | Q(state__regex=r"\A(initiated|progressing|paused)\Z", ended_at=None),
            ),
        ]
        indexes = [models.Index(name="flags_rollouts_of_a_key", fields=["key", "-id"])]

    def __str__(self) -> str:
        return gettext("rollout {pk} of {key}").format(pk=self.pk, key=self.key)

    @property
    def is_active(self) -> bool:
        return self.state in self.ACTIVE


class RolloutStep(models.Model):
    """A state of a rollout and the instant at which it began. A trigger writes these rows, and they never change, so
    that an evaluation can be repeated as of a past instant."""

    rollout = models.ForeignKey(Rollout, on_delete=models.PROTECT, related_name="steps")
    key = models.CharField(max_length=100)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=11, choices=Rollout.State.choices)
    stage = models.PositiveSmallIntegerField()
    percentage = models.FloatField()
    at = models.DateTimeField()
    by_name = models.CharField(max_length=200)
    reason = models.TextField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(name="flags_steps_of_a_key", fields=["key", "-id"])]

    def __str__(self) -> str:
        return f"{self.key} {self.state} {self.stage} ({self.percentage} %)"
