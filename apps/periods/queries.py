"""Questions about periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.kernel.errors import Refusal

from . import hooks
from .errors import CalendarMissing, PeriodIsClosed
from .models import Calendar, FiscalYear, Period


def the_calendar() -> Calendar:
    """The tenant's one. Raises CalendarMissing."""
    calendar = Calendar.objects.first()
    if calendar is None:
        raise CalendarMissing
    return calendar


def period_of(day: dt.date) -> Period | None:
    """The period that a business day falls in, its year at hand."""
    return Period.objects.covering(day).select_related("year").first()


def years() -> list[FiscalYear]:
    """Every fiscal year, the earliest first."""
    return list(FiscalYear.objects.order_by("starts_on"))


def calendar_grid() -> list[tuple[FiscalYear, list[Period]]]:
    """Every year with its twelve periods, the latest year first."""
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
    """What stands against closing the period now; nothing means that it can be closed."""
    if not period.is_open:
        return (PeriodIsClosed(period=period.code),)
    return hooks.blocking_refusals(period)
