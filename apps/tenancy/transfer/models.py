"""The backups that there are, how they are tried, and what was agreed for each tenant."""

from __future__ import annotations

import datetime as dt
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q

J = TypeVar("J", bound=models.Model)


class JobQuerySet(models.QuerySet[J]):
    def waiting(self) -> Self:
        return self.filter(state=Job.State.WAITING)

    def running(self) -> Self:
        return self.filter(state=Job.State.RUNNING)

    def at_work(self) -> Self:
        """Asked for, and not ended."""
        return self.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))

    def done(self) -> Self:
        return self.filter(state=Job.State.DONE)

    def latest_first(self) -> Self:
        return self.order_by("-begun_at", "-pk")


class Job(models.Model):
    """Work that takes long: asked for, taken up by one backup worker, and ended in one way or the other.

    begun_at  while it waits, when it was asked for
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        GONE = "gone", "Removed"

    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        abstract = True

    @property
    def took(self) -> dt.timedelta | None:
        return self.ended_at - self.begun_at if self.ended_at else None


class Backup(Job):
    """An archive of a tenant, or the try to make one.

    slug          of the tenant, which may be gone by now
    percent       how much of it is written, by tables
    storage_key         where the archive lies: a name in the platform's part of the object store
    checksum      SHA-256 of the whole file
    verified_at   when a drill restored it last, and found everything; `restored_in` is how many seconds that took
    """

    class Kind(models.TextChoices):
        SCHEDULED = "scheduled", "By schedule"
        MANUAL = "manual", "By hand"

    tenant = models.ForeignKey("tenancy.Tenant", on_delete=models.SET_NULL, null=True, related_name="+")
    slug = models.CharField(max_length=40)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    storage_key = models.CharField(max_length=300, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    checksum = models.CharField(max_length=64, blank=True)
    verified_at = models.DateTimeField(null=True)
    restored_in = models.FloatField(null=True)

    objects = JobQuerySet["Backup"].as_manager()

    class Meta:
        app_label = "tenancy"
        default_permissions = ("view",)
        indexes = [models.Index(name="backup_of_tenant", fields=["tenant", "-begun_at"])]
        constraints = [
            models.UniqueConstraint(
                name="backup_is_asked_for_once", fields=["tenant"], condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"{self.slug} of {self.begun_at:%Y-%m-%d %H:%M}"


class RestoreDrill(Job):
    """A backup that is tried: restored beside everything that works, compared with its archive, and dropped again."""

    backup = models.ForeignKey(Backup, on_delete=models.CASCADE, null=True, related_name="+")

    objects = JobQuerySet["RestoreDrill"].as_manager()

    class Meta:
        app_label = "tenancy"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="drill_is_asked_for_once", fields=["state"], condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return f"drill of {self.backup or 'whatever is next'}"


class BackupPolicy(models.Model):
    """What was agreed for one tenant; 0 is as everywhere.

    every_hours  how often it is backed up
    retention_days    for how long a backup is kept
    max_count    how many are kept
    """

    tenant = models.OneToOneField(
        "tenancy.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    every_hours = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveIntegerField(default=0)
    max_count = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "tenancy"
        default_permissions = ()
        permissions = [("set_backup_policy", "Can set how often tenants are backed up, and what is kept")]

    def __str__(self) -> str:
        return f"backups of {self.tenant_id}"
