"""The fiscal calendar, its years and their periods."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import connection, models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.clock import now
from apps.kernel.db.locks import Lock
from apps.kernel.models import Tracked

PERIOD = Lock("{schema}:period:{period}")
"""Migration 0002 uses the same lock key, in SQL."""
DAYS = Func(
    "starts_on",
    "ends_on",
    RangeBoundary(inclusive_lower=True, inclusive_upper=True),
    function="daterange",
    output_field=DateRangeField(),
)
"""From the first day to the last, both included."""


class Calendar(Tracked):
    """The fiscal calendar: fiscal years begin in `first_month` (1 to 12)."""

    name = models.CharField(max_length=80)
    first_month = models.PositiveSmallIntegerField(default=1)

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_calendar", "Can define the calendar and add fiscal years")]
        constraints = [
            models.CheckConstraint(
                name="periods_calendar_first_month",
                condition=Q(first_month__gte=1, first_month__lte=12),
            ),
            # One calendar per tenant: a unique index on a constant allows one row.
            models.UniqueConstraint(Value(1), name="periods_one_calendar"),
        ]

    def __str__(self) -> str:
        return self.name


class FiscalYear(Tracked):
    """Twelve periods, from the first day of the calendar's first month. `code` is "2026", or "2026/27" where the
    year ends in the next one."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=9)
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        default_permissions = ("view",)
        ordering = ("starts_on",)
        constraints = [
            models.UniqueConstraint(name="periods_year_code_once", fields=["calendar", "code"]),
            models.CheckConstraint(name="periods_year_has_days", condition=Q(ends_on__gt=F("starts_on"))),
            ExclusionConstraint(
                name="periods_years_do_not_overlap",
                expressions=[("calendar", RangeOperators.EQUAL), (DAYS, RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return self.code


class PeriodQuerySet(models.QuerySet["Period"]):
    def covering(self, day: dt.date) -> PeriodQuerySet:
        return self.filter(starts_on__lte=day, ends_on__gte=day)

    def open(self) -> PeriodQuerySet:
        return self.filter(status=Period.Status.OPEN)

    def before(self, period: Period) -> PeriodQuerySet:
        return self.filter(calendar_id=period.calendar_id, ends_on__lt=period.starts_on)


class Period(Tracked):
    """A period of one month. Its dates never change; its status changes from open to closed only.

    close_version  the number of times it was closed, counted by the database
    """

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    TRANSITIONS: ClassVar = frozenset({(Status.OPEN, Status.CLOSED)})

    year = models.ForeignKey(FiscalYear, on_delete=models.PROTECT, related_name="+")
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=7)
    starts_on = models.DateField()
    ends_on = models.DateField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    close_version = models.PositiveIntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)
    close_reason = models.TextField(blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [("close_period", "Can close periods")]
        ordering = ("starts_on",)
        constraints = [
            models.UniqueConstraint(name="periods_period_number_once", fields=["year", "number"]),
            models.UniqueConstraint(name="periods_period_code_once", fields=["calendar", "code"]),
            models.CheckConstraint(name="periods_period_has_days", condition=Q(ends_on__gte=F("starts_on"))),
            models.CheckConstraint(
                name="periods_period_status", condition=Q(status="open") | Q(status="closed")
            ),
            models.CheckConstraint(
                name="periods_closed_has_time_and_reason",
                condition=Q(status="open", closed_at=None)
                | (Q(status="closed", closed_at__isnull=False) & ~Q(closed_by="") & ~Q(close_reason="")),
            ),
            # A closed period has ended in every time zone that the tenant may have; a rule knows the business day.
            models.CheckConstraint(
                name="periods_closed_after_its_end",
                condition=Q(closed_at=None) | Q(closed_at__gt=F("ends_on")),
            ),
            ExclusionConstraint(
                name="periods_do_not_overlap",
                expressions=[("calendar", RangeOperators.EQUAL), (DAYS, RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_open(self) -> bool:
        return self.status == self.Status.OPEN

    def lock(self) -> None:
        """Waits for concurrent postings in the period, and blocks new ones until the transaction ends.

        The database requires this lock for closing, in a separate statement before the row is updated. Postings take
        the same two locks in the same order (migration 0002). Reads after the lock are final.
        """
        with connection.cursor() as cursor:
            PERIOD.key(period=self.pk).hold(cursor)
        self.refresh_from_db()

    def hold_open(self) -> None:
        """Waits for a concurrent close, and blocks others until the transaction ends; then rereads the status."""
        with connection.cursor() as cursor:
            PERIOD.key(period=self.pk).hold_shared(cursor)
        self.refresh_from_db(fields=["status"])

    def close(self, *, by: str, reason: str) -> None:
        """Raises ValueError for a transition that is not in TRANSITIONS."""
        if (self.status, self.Status.CLOSED) not in self.TRANSITIONS:
            raise ValueError(f"A period with the status {self.status} cannot be closed.")
        self.status = self.Status.CLOSED
        self.closed_at, self.closed_by, self.close_reason = now(), by, reason
        self.close_version += 1
        self.save(update_fields=["status", "closed_at", "closed_by", "close_reason", "close_version"])
