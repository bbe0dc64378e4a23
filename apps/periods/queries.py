"""Queries of periods."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from apps.kernel.errors import Refusal
from apps.notices import queries as notices
from apps.settings import queries as settings_queries

from . import hooks
from .errors import CalendarMissing, PeriodIsClosed
from .models import Calendar, FiscalYear, Period, PeriodQuerySet
from .setting_definitions import ADD_FISCAL_YEARS

MAX_YEARS_AHEAD = 3
"""Fiscal years that may be added at once after the last one: a day beyond is a mistake."""
LEAD_TIME = dt.timedelta(days=60)
"""The time before the end of the last fiscal year in which the next one is added, or announced as missing."""


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


def year_of(day: dt.date) -> FiscalYear | None:
    return FiscalYear.objects.filter(starts_on__lte=day, ends_on__gte=day).first()


def open_periods(day: dt.date) -> PeriodQuerySet:
    """Those that have begun, the earliest first."""
    return Period.objects.open().filter(starts_on__lte=day).order_by("starts_on")


def last_year() -> FiscalYear | None:
    return FiscalYear.objects.order_by("starts_on").last()


def year_without_successor(day: dt.date) -> FiscalYear | None:
    """The last fiscal year if it ends within LEAD_TIME after the day, or has ended."""
    last = last_year()
    return last if last and last.ends_on - day <= LEAD_TIME else None


def first_open_day(day: dt.date) -> dt.date | None:
    """The first day on or after `day` in an open period, or in a fiscal year that may be added automatically."""
    period = Period.objects.open().filter(ends_on__gte=day).order_by("starts_on").first()
    if period:
        return max(day, period.starts_on)
    last = last_year()
    if last is None or not settings_queries.value(ADD_FISCAL_YEARS):
        return None
    first = max(day, last.ends_on + dt.timedelta(days=1))
    return first if is_near(first, last) else None


def is_near(day: dt.date, last: FiscalYear) -> bool:
    """The day is at most MAX_YEARS_AHEAD fiscal years after the last one."""
    return day.year - last.ends_on.year <= MAX_YEARS_AHEAD


def notified_roles() -> tuple[str, ...]:
    """The roles of the tenant that are notified if nothing can be posted."""
    return tuple(role for role in ("owner", "controller", "accountant") if role in notices.audiences())


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
