"""The use of flags, and flags that should be removed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class FlagUsage(models.Model):
    """How often a variant of a flag was served in a minute, and in a day.

    variant      empty for evaluations without a value, for which the caller's default was used
    span         minutes are retained for a week, days for over a year
    reported_by  the tenant whose programs reported the evaluations, by id; 0 for those of this installation
    """

    class Span(models.TextChoices):
        MINUTE = "minute", _("Minute")
        DAY = "day", _("Day")

    key = models.CharField(max_length=100)
    variant = models.CharField(max_length=100, blank=True)
    span = models.CharField(max_length=6, choices=Span.choices)
    starts_at = models.DateTimeField()
    evaluations = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()
    reported_by = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="flags_usage_once", fields=["key", "span", "starts_at", "variant", "reported_by"]
            ),
            models.CheckConstraint(
                name="flags_usage_span_is_known", condition=Q(span__regex=r"\A(minute|day)\Z")
            ),
        ]
        indexes = [models.Index(name="flags_usage_by_age", fields=["span", "starts_at"])]

    def __str__(self) -> str:
        return f"{self.key}={self.variant} {self.span} {self.starts_at:%Y-%m-%d %H:%M}"


class StaleFlag(models.Model):
    """A period in which a flag was stale, with the alerts about it.

    reasons       see `staleness.Reason`
    alerts        number of alerts to the owner, one a week
    escalated_at  when the users that manage flags were alerted as well
    ended_at      when it was no longer stale: changed, extended or retired
    """

    key = models.CharField(max_length=100)
    reasons = ArrayField(models.CharField(max_length=20))
    since_at = models.DateTimeField()
    alerts = models.PositiveSmallIntegerField(default=0)
    alerted_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="flags_stale_once_at_a_time", fields=["key"], condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {', '.join(self.reasons)}"
