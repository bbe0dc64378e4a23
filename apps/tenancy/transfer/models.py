"""The backups that there are."""

from __future__ import annotations

import datetime as dt

from django.db import models


class BackupQuerySet(models.QuerySet["Backup"]):
    def done(self) -> BackupQuerySet:
        return self.filter(state=Backup.State.DONE)

    def latest_first(self) -> BackupQuerySet:
        return self.order_by("-begun_at", "-pk")


class Backup(models.Model):
    """An archive of a tenant, or the try to make one.

    slug          of the tenant, which may be gone by now
    place         where the archive lies: a name in the platform's part of the object store
    checksum      SHA-256 of the whole file
    verified_at   when a drill restored it last, and found everything; `restored_in` is how many seconds that took
    """

    class Kind(models.TextChoices):
        SCHEDULED = "scheduled", "By schedule"
        MANUAL = "manual", "By hand"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        GONE = "gone", "Removed"

    tenant = models.ForeignKey("tenancy.Tenant", on_delete=models.SET_NULL, null=True, related_name="+")
    slug = models.CharField(max_length=40)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    place = models.CharField(max_length=300, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    checksum = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    restored_in = models.FloatField(null=True)
    error = models.TextField(blank=True)

    objects = BackupQuerySet.as_manager()

    class Meta:
        app_label = "tenancy"
        default_permissions = ("view",)
        indexes = [models.Index(name="backup_of_tenant", fields=["tenant", "-begun_at"])]

    def __str__(self) -> str:
        return f"{self.slug} of {self.begun_at:%Y-%m-%d %H:%M}"

    @property
    def took(self) -> dt.timedelta | None:
        return self.ended_at - self.begun_at if self.ended_at else None
