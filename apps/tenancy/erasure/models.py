"""The journal of erasures. It outlives whom it is about, and says no more of him than it takes to erase him again."""

from __future__ import annotations

from django.db import models


class Erasure(models.Model):
    """A tenant that was erased. Written before anything is removed, and never changed.

    number      the id that it had; a database that is restored may have it again
    created_at  when the tenant was made: another one that is given its number later is not meant
    dropped     what there was, in figures
    """

    number = models.BigIntegerField()
    slug = models.CharField(max_length=40)
    schema_name = models.CharField(max_length=63)
    role_name = models.CharField(max_length=63, blank=True)
    database = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    reason = models.TextField()
    dropped = models.JSONField()
    erased_at = models.DateTimeField()

    class Meta:
        app_label = "tenancy"
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="tenant_erased_once", fields=["number", "created_at"])]

    def __str__(self) -> str:
        return f"tenant {self.number} ({self.slug})"
