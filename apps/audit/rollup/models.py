"""The tables of the rollup. Only the database function `audit_roll_up` writes them."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Max, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.audit.transaction_id import TransactionId

from .figures import Figures

SUMS = {name: Coalesce(Sum(name), 0) for name in ("succeeded", "repeated", "refused", "failed", "total_us")}
AGGREGATES = {**SUMS, "max_us": Coalesce(Max("max_us"), 0)}


class RollupCursor(models.Model):
    """The position up to which the records of a class are counted."""

    retention = models.CharField(max_length=12, primary_key=True)
    xid = TransactionId()
    record_id = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.retention


class CommandMinuteQuerySet(models.QuerySet["CommandMinute"]):
    def between(self, since: dt.datetime, until: dt.datetime | None = None) -> CommandMinuteQuerySet:
        """Minutes that begin in this period."""
        minutes = self.filter(minute__gte=since)
        return minutes.filter(minute__lt=until) if until else minutes

    def of_module(self, module: str) -> CommandMinuteQuerySet:
        return self.filter(command__startswith=f"{module}.")

    def of_command(self, command: str) -> CommandMinuteQuerySet:
        return self.filter(command=command)

    def figures(self) -> Figures:
        return Figures(**self.aggregate(**AGGREGATES))

    def by_command(self) -> dict[str, Figures]:
        """By the name of the command."""
        rows = self.order_by("command").values("command").annotate(**AGGREGATES)
        return {command: Figures(*figures) for command, *figures in rows.values_list("command", *AGGREGATES)}

    def by_module(self) -> dict[str, Figures]:
        """By module: the first part of the command's name."""
        figures: dict[str, Figures] = {}
        for command, of_command in self.by_command().items():
            module = command.partition(".")[0]
            figures[module] = figures.get(module, Figures()) + of_command
        return figures


class CommandMinute(models.Model):
    """How often a command had each outcome in a minute, and how long it took. Retained for 35 days.

    minute    its beginning
    total_us  the sum of the durations in microseconds
    max_us    the longest of them
    """

    minute = models.DateTimeField()
    command = models.CharField(max_length=80)
    succeeded = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()
    total_us = models.PositiveBigIntegerField()
    max_us = models.PositiveBigIntegerField()

    objects = CommandMinuteQuerySet.as_manager()

    class Meta:
        verbose_name = _("command activity")
        verbose_name_plural = _("command activity")
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(name="audit_minute_once", fields=["minute", "command"])]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.command}"
