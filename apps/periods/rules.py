"""Validation of calendars, fiscal years and periods."""

from __future__ import annotations

import datetime as dt

from apps.kernel.errors import together
from apps.kernel.text import is_visible
from apps.settings import queries as settings_queries
from apps.settings.business_day import business_day

from . import hooks, queries
from .errors import (
    CalendarIsDefined,
    CalendarNameMissing,
    DayTooFarAhead,
    EarlierPeriodIsOpen,
    MonthUnknown,
    NoOpenDay,
    NoPeriodForDay,
    PeriodIsClosed,
    PeriodNotEnded,
    PeriodNotFound,
    PeriodOverlaps,
    ReasonTooShort,
    YearBeforeClosedPeriod,
    YearNotAdjacent,
    YearOutOfRange,
)
from .models import Calendar, FiscalYear, Period
from .setting_definitions import REASON_LENGTH

FIRST_YEAR, LAST_YEAR = 1900, 2999


def calendar_must_not_be_defined() -> None:
    if Calendar.objects.exists():
        raise CalendarIsDefined


def name_must_be_given(name: str) -> None:
    if not is_visible(name):
        raise CalendarNameMissing


def month_must_exist(month: int) -> None:
    if not 1 <= month <= 12:
        raise MonthUnknown(month=month)


def year_must_be_in_range(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise YearOutOfRange(year=year, first=FIRST_YEAR, last=LAST_YEAR)


def year_must_be_adjacent(year: int) -> None:
    """Every day between the first and the last fiscal year has a period."""
    existing = [year.starts_on.year for year in queries.years()]
    if year in existing:
        raise PeriodOverlaps(year=year)
    if existing and year not in (existing[0] - 1, existing[-1] + 1):
        raise YearNotAdjacent(year=year, before=existing[0] - 1, after=existing[-1] + 1)


def no_later_period_must_be_closed(year: int) -> None:
    """Closing a period relies on the balances brought forward, so no year may be added before it."""
    first = FiscalYear.objects.order_by("starts_on").first()
    if first is None or year > first.starts_on.year:
        return
    closed = Period.objects.filter(status=Period.Status.CLOSED).order_by("starts_on").first()
    if closed is not None:
        raise YearBeforeClosedPeriod(year=year, period=closed.code)


def period_must_exist(period_id: int) -> Period:
    period = Period.objects.filter(pk=period_id).select_related("calendar").first()
    if period is None:
        raise PeriodNotFound(period_id=period_id)
    return period


def period_must_be_open(period: Period) -> None:
    if not period.is_open:
        raise PeriodIsClosed(period=period.code)


def day_must_be_open(day: dt.date) -> Period:
    """The open period of a business day."""
    period = queries.period_of(day)
    if period is None:
        raise NoPeriodForDay(day=day)
    period_must_be_open(period)
    return period


def open_day_must_exist(day: dt.date) -> dt.date:
    """The first open day on or after the day; its fiscal year may be missing."""
    first = queries.first_open_day(day)
    if first is None:
        raise NoOpenDay(day=day)
    return first


def extension_must_be_short(until: dt.date) -> FiscalYear:
    """The last fiscal year; the day is not far after it."""
    last = queries.last_year()
    if last is None:
        raise NoPeriodForDay(day=until)
    if not queries.is_near(until, last):
        raise DayTooFarAhead(day=until, years=queries.MAX_YEARS_AHEAD)
    return last


def period_must_have_ended(period: Period) -> None:
    """Entries of its last day may still come before the end of the business day."""
    if business_day() <= period.ends_on:
        raise PeriodNotEnded(period=period.code, ends_on=period.ends_on)


def earlier_periods_must_be_closed(period: Period) -> None:
    earlier = Period.objects.before(period).open().order_by("starts_on").first()
    if earlier is not None:
        raise EarlierPeriodIsOpen(earlier=earlier.code, period=period.code)


def closing_must_not_be_blocked(period: Period) -> None:
    """Raises all blockers together."""
    with together() as validation:
        validation.refusals.extend(hooks.blocking_refusals(period))


def reason_must_be_given(reason: str) -> None:
    """At least as long as the setting `periods.reason_length`."""
    minimum = settings_queries.value(REASON_LENGTH)
    if len(reason) < minimum or (minimum and not is_visible(reason)):
        raise ReasonTooShort(minimum=minimum)
