"""Spare schemas, databases, scheduled runs and the state of migrations."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.machine_text import MachineText
from apps.kernel.models import Tracked


class Spare(models.Model):
    """A pre-provisioned schema with its role. A new tenant claims it and takes its id."""

    id = models.BigIntegerField(primary_key=True)
    schema_name = models.CharField(max_length=63, unique=True)
    role_name = models.CharField(max_length=63)
    fingerprint = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.schema_name


class Database(Tracked):
    """Capacity and region of a database; its addresses are in the environment, under the same key. A database without a
    row has the default capacity and no region."""

    DEFAULT_CAPACITY = 300
    """Above it the catalogue becomes slow: relation caches, dumps and locks depend on the number of tables."""

    key = models.SlugField(primary_key=True, max_length=40)
    region = models.CharField(max_length=40, blank=True)
    capacity = models.PositiveIntegerField(default=DEFAULT_CAPACITY)
    accepts_new = models.BooleanField(default=True)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.key


class ScheduledRunQuerySet(models.QuerySet["ScheduledRun"]):
    def open(self) -> ScheduledRunQuerySet:
        return self.filter(ended_at=None)

    def ended(self) -> ScheduledRunQuerySet:
        return self.exclude(ended_at=None)


class ScheduledRun(models.Model):
    """The latest run of a scheduled task for all tenants: its slot, and the id of the last tenant that was sent one."""

    NOT_STARTED = -1

    task = models.CharField(max_length=80, primary_key=True)
    slot_at = models.DateTimeField()
    progress = models.BigIntegerField(default=NOT_STARTED)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = ScheduledRunQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return gettext("{task} of {slot_at:%Y-%m-%d %H:%M:%S}").format(task=self.task, slot_at=self.slot_at)


class SchemaMigration(models.Model):
    """The latest migration of the schema of a tenant or a spare.

    migration        the last one that was applied, or the one that failed
    operation_count  committed operations of a non-atomic migration; the next run resumes after them
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    schema_name = models.CharField(max_length=63, primary_key=True)
    state = models.CharField(max_length=7, choices=State.choices)
    migration = models.CharField(max_length=300, blank=True)
    operation_count = models.PositiveIntegerField(default=0)
    error = MachineText(blank=True)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.schema_name}: {self.get_state_display().lower()}"
