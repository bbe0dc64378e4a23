"""Questions about the trail."""

from __future__ import annotations

from django.db import models

from .models import Record, RecordQuerySet


def latest(most: int = 10) -> RecordQuerySet:
    """The newest records of the current tenant."""
    return Record.objects.order_by("-id")[:most]


def timeline(subject: models.Model) -> RecordQuerySet:
    """Everything that was done to one thing, newest first."""
    return Record.objects.about(subject).order_by("-id")
