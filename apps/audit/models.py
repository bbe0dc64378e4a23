"""Who did what, and why: one row per command and outcome, written once."""

from __future__ import annotations

from django.db import models


class RecordQuerySet(models.QuerySet["Record"]):
    def about(self, subject: models.Model) -> RecordQuerySet:
        return self.filter(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))

    def caused_together(self, correlation_id: str) -> RecordQuerySet:
        return self.filter(correlation_id=correlation_id).order_by("id")


class Record(models.Model):
    """One command and what came of it.

    sentence   what happened, in business language
    request    the command's fields; secrets are never among them
    changes    what it changed: [{object, field, before, after}, …]
    refusals   why not: [{code, detail}, …]
    subject    the thing it was about, so that a thing's timeline can be read
    """

    class Outcome(models.TextChoices):
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    at = models.DateTimeField()
    command = models.CharField(max_length=80)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    sentence = models.TextField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=200)
    real_actor_name = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    subject_type = models.CharField(max_length=80, blank=True)
    subject_id = models.CharField(max_length=40, blank=True)
    request = models.JSONField()
    changes = models.JSONField(default=list)
    refusals = models.JSONField(default=list)
    correlation_id = models.CharField(max_length=64, blank=True)
    causation_id = models.CharField(max_length=64, blank=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = "audit record"
        verbose_name_plural = "audit trail"
        default_permissions = ("view",)
        indexes = [
            models.Index(name="audit_by_time", fields=["-at", "-id"]),
            models.Index(name="audit_by_subject", fields=["subject_type", "subject_id"]),
            models.Index(name="audit_by_correlation", fields=["correlation_id"]),
        ]

    def __str__(self) -> str:
        return self.sentence
