"""Queries of periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.kernel.errors import Refusal

from . import hooks
from .errors import CalendarMissing, PeriodIsClosed
from .models import Calendar, FiscalYear, Period


def the_calendar() -> Calendar:
    """The calendar of the tenant. Raises CalendarMissing."""
    calendar = Calendar.objects.first()
    if calendar is None:
        raise CalendarMissing
    return calendar


def period_of(day: dt.date) -> Period | None:
    """The period that contains the day, with its year prefetched."""
    return Period.objects.covering(day).select_related("year").first()


def periods_before(day: dt.date) -> list[Period]:
    """The periods that ended before the day, the earliest first."""
    return list(Period.objects.filter(ends_on__lt=day).order_by("starts_on"))


def years() -> list[FiscalYear]:
    """All fiscal years, the earliest first."""
    return list(FiscalYear.objects.order_by("starts_on"))


def calendar_grid() -> list[tuple[FiscalYear, list[Period]]]:
    """All fiscal years with their periods, the latest first."""
    of_year: dict[int, list[Period]] = {}
    for period in Period.objects.order_by("starts_on"):
        of_year.setdefault(period.year_id, []).append(period)
    return [(year, of_year.get(year.pk, [])) for year in FiscalYear.objects.order_by("-starts_on")]


def fiscal_year_of(day: dt.date, first_month: int) -> int:
    """The calendar year in which the fiscal year of `day` begins."""
    return day.year if day.month >= first_month else day.year - 1


def periods_closed() -> int:
    return Period.objects.filter(status=Period.Status.CLOSED).count()


def blockers(period: Period) -> Sequence[Refusal]:
    """The refusals that block the closing of the period; it can be closed if there are none."""
    if not period.is_open:
        return (PeriodIsClosed(period=period.code),)
    return hooks.blocking_refusals(period)
