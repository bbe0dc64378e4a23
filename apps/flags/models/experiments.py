"""Experiments: the units that a flag was shown to, and what they did."""

from __future__ import annotations

from django.db import models


class Exposure(models.Model):
    """A unit that was served a variant of a revision. It counts once, by the first variant.

    unit      what the flag buckets by, such as `user:17`
    revision  the number of the platform's revision
    """

    key = models.CharField(max_length=100)
    revision = models.BigIntegerField()
    unit = models.CharField(max_length=200)
    variant = models.CharField(max_length=100)
    exposed_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(name="flags_exposure_once", fields=["key", "revision", "unit"]),
        ]

    def __str__(self) -> str:
        return f"{self.key}:{self.unit}={self.variant}"


class Outcome(models.Model):
    """An event of an exposed unit, such as "order placed", attributed to its variant."""

    exposure = models.ForeignKey(Exposure, on_delete=models.CASCADE, related_name="outcomes")
    name = models.CharField(max_length=100)
    value = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(name="flags_outcomes_by_name", fields=["exposure", "name"])]

    def __str__(self) -> str:
        return f"{self.name}={self.value}"
