"""Backups, restore drills and backup policies."""

from __future__ import annotations

import datetime as dt
from typing import Self, TypeVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.clock import now
from apps.kernel.db.retries import Backoff, Retried, RetriedQuerySet

J = TypeVar("J", bound=models.Model)


class JobQuerySet(RetriedQuerySet[J]):
    def waiting(self) -> Self:
        return self.filter(state=Job.State.WAITING)

    def running(self) -> Self:
        return self.filter(state=Job.State.RUNNING)

    def unfinished(self) -> Self:
        """Waiting or running."""
        return self.filter(state__in=(Job.State.WAITING, Job.State.RUNNING))

    def done(self) -> Self:
        return self.filter(state=Job.State.DONE)

    def latest_first(self) -> Self:
        return self.order_by("-begun_at", "-pk")


class Job(Retried):
    """A long-running job: scheduled, then run by one backup worker, once. A repetition after a failure is another job.

    begun_at  when it started; when it was scheduled, while it waits
    next_at   the earliest time at which a failed job is repeated, by another job
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        REMOVED = "removed", _("Removed")

    state = models.CharField(max_length=7, choices=State.choices, default=State.RUNNING)
    begun_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def duration(self) -> dt.timedelta | None:
        return self.finished_at - self.begun_at if self.finished_at else None

    def start(self, backoff: Backoff) -> None:
        self.state, self.begun_at = self.State.RUNNING, now()
        self.count_attempt(backoff, lease=dt.timedelta())

    def finish(self, state: State, error: str = "") -> None:
        self.state, self.last_error, self.finished_at = state, error, now()
        if state != self.State.FAILED:
            self.next_at = None
        self.save()


class Backup(Job):
    """A backup of a tenant, which may be waiting, running or failed.

    slug             of the tenant, which may be erased by now
    percent          progress, by tables
    storage_key      name in the platform's part of the object store, or the path of a local file
    checksum         SHA-256 of the whole file
    verified_at      when a restore drill last restored it without differences
    restore_seconds  the duration of that restore
    """

    class Kind(models.TextChoices):
        SCHEDULED = "scheduled", _("By schedule")
        MANUAL = "manual", _("By hand")

    tenant = models.ForeignKey("tenancy.Tenant", on_delete=models.SET_NULL, null=True, related_name="+")
    slug = models.CharField(max_length=40)
    kind = models.CharField(max_length=9, choices=Kind.choices)
    percent = models.PositiveSmallIntegerField(default=0, db_default=0)
    storage_key = models.CharField(max_length=300, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    checksum = models.CharField(max_length=64, blank=True)
    verified_at = models.DateTimeField(null=True)
    restore_seconds = models.FloatField(null=True)

    objects = JobQuerySet["Backup"].as_manager()

    class Meta:
        default_permissions = ("view",)
        indexes = [models.Index(name="backup_of_tenant", fields=["tenant", "-begun_at"])]
        constraints = [
            models.UniqueConstraint(
                name="one_waiting_backup_per_tenant", fields=["tenant"], condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return gettext("{slug} of {begun_at:%Y-%m-%d %H:%M}").format(slug=self.slug, begun_at=self.begun_at)


class RestoreDrill(Job):
    """A test restore of a backup into a temporary schema, compared with the backup file and dropped again."""

    backup = models.ForeignKey(Backup, on_delete=models.CASCADE, null=True, related_name="+")

    objects = JobQuerySet["RestoreDrill"].as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="one_waiting_restore_drill", fields=["state"], condition=Q(state="waiting")
            )
        ]

    def __str__(self) -> str:
        return gettext("restore drill of {backup}").format(backup=self.backup or gettext("the next backup"))


class Restoration(Job):
    """A requested restore or clone. A restore worker runs it once; an interrupted one is never run again by itself,
    since the tenant may have changed after its data was replaced.

    tenant        the one that is replaced, cloned, or was backed up
    slug          of the new tenant; empty for a restore in place
    name          of the new tenant, or the confirmed one of the tenant whose data is replaced
    result        the restored or cloned tenant
    """

    class Kind(models.TextChoices):
        AS_NEW = "as_new", _("Restore as a new tenant")
        IN_PLACE = "in_place", _("Restore in place")
        CLONE = "clone", _("Clone")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    tenant = models.ForeignKey("tenancy.Tenant", on_delete=models.SET_NULL, null=True, related_name="+")
    backup = models.ForeignKey(Backup, on_delete=models.SET_NULL, null=True, related_name="+")
    slug = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=120, blank=True)
    database = models.CharField(max_length=40)
    anonymise = models.BooleanField(default=False)
    reason = models.TextField()
    requested_by = models.CharField(max_length=200)
    percent = models.PositiveSmallIntegerField(default=0)
    result = models.ForeignKey("tenancy.Tenant", on_delete=models.SET_NULL, null=True, related_name="+")

    objects = JobQuerySet["Restoration"].as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                name="one_unfinished_restoration_per_slug",
                fields=["slug"],
                condition=Q(state__regex="^(waiting|running)$") & ~Q(slug=""),
            ),
            models.UniqueConstraint(
                name="one_unfinished_restoration_in_place",
                fields=["tenant"],
                condition=Q(state__regex="^(waiting|running)$", kind="in_place"),
            ),
            models.CheckConstraint(
                name="restoration_in_place_has_no_slug",
                condition=Q(kind="in_place", slug="") | Q(kind__regex="^(as_new|clone)$") & ~Q(slug=""),
            ),
        ]

    def __str__(self) -> str:
        source = self.backup or self.tenant or gettext("an erased tenant")
        if self.kind == self.Kind.IN_PLACE:
            return gettext("restore in place of {source}").format(source=source)
        kind = gettext("clone") if self.kind == self.Kind.CLONE else gettext("restore")
        return gettext("{kind} of {source} as {slug}").format(kind=kind, source=source, slug=self.slug)


class BackupPolicy(models.Model):
    """The backup policy of one tenant; 0 is the platform default.

    interval_hours  interval between scheduled backups
    retention_days    how long a scheduled backup is retained
    max_count    how many scheduled backups are retained
    """

    tenant = models.OneToOneField(
        "tenancy.Tenant", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    interval_hours = models.PositiveIntegerField(default=0)
    retention_days = models.PositiveIntegerField(default=0)
    max_count = models.PositiveIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return gettext("backup policy of tenant {tenant_id}").format(tenant_id=self.tenant_id)
