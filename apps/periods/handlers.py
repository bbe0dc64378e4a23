"""Handlers of the commands of periods."""

from __future__ import annotations

import datetime as dt

from apps.bus import dispatch, handles
from apps.events import publish
from apps.kernel.actors import acting, actor_label
from apps.kernel.errors import together

from . import queries, rules
from .commands import AddFiscalYear, ClosePeriod, DefineCalendar, ExtendCalendar
from .events import FiscalYearAdded, PeriodClosed
from .models import Calendar, FiscalYear, Period


@handles(DefineCalendar)
def define_calendar(command: DefineCalendar) -> Calendar:
    with together() as validation:
        validation.check(rules.calendar_must_not_be_defined)
        validation.check(rules.name_must_be_given, command.name)
        validation.check(rules.month_must_exist, command.first_month)

    return Calendar.objects.create(name=command.name, first_month=command.first_month)


@handles(AddFiscalYear, emits=(FiscalYearAdded,))
def add_fiscal_year(command: AddFiscalYear) -> FiscalYear:
    calendar = _locked(queries.the_calendar())
    rules.year_must_be_in_range(command.year)
    with together() as validation:
        validation.check(rules.year_must_be_adjacent, command.year)
        validation.check(rules.no_later_period_must_be_closed, command.year)

    months = _twelve_months(command.year, calendar.first_month)
    starts_on, ends_on = months[0], _day_before(_month_after(months[-1]))
    year = FiscalYear.objects.create(
        calendar=calendar, code=_code(starts_on, ends_on), starts_on=starts_on, ends_on=ends_on
    )
    Period.objects.bulk_create(
        Period(
            year=year,
            calendar=calendar,
            number=number,
            code=f"{month:%Y-%m}",
            starts_on=month,
            ends_on=_day_before(_month_after(month)),
        )
        for number, month in enumerate(months, start=1)
    )

    publish(FiscalYearAdded(year_id=year.pk, code=year.code))
    return year


@handles(ExtendCalendar)
def extend_calendar(command: ExtendCalendar) -> FiscalYear:
    _locked(queries.the_calendar())
    last = rules.extension_must_be_short(command.until)

    while last.ends_on < command.until:
        last = dispatch(AddFiscalYear(year=last.starts_on.year + 1))
    return last


@handles(ClosePeriod, emits=(PeriodClosed,))
def close_period(command: ClosePeriod) -> Period:
    period = rules.period_must_exist(command.period_id)
    _locked(period.calendar)
    period.lock()
    with together() as validation:
        validation.check(rules.period_must_be_open, period)
        validation.check(rules.reason_must_be_given, command.reason)
        validation.check(rules.closing_must_not_be_blocked, period)

    period.close(by=actor_label(acting())[:200], reason=command.reason)

    publish(PeriodClosed(period_id=period.pk, code=period.code))
    return period


def _locked(calendar: Calendar) -> Calendar:
    """Serialises changes of the calendar: no year is added while a period is being closed."""
    return Calendar.objects.select_for_update().get(pk=calendar.pk)


def _twelve_months(year: int, first_month: int) -> list[dt.date]:
    months = [dt.date(year, first_month, 1)]
    while len(months) < 12:
        months.append(_month_after(months[-1]))
    return months


def _month_after(month: dt.date) -> dt.date:
    return dt.date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _day_before(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=1)


def _code(starts_on: dt.date, ends_on: dt.date) -> str:
    if starts_on.year == ends_on.year:
        return str(starts_on.year)
    return f"{starts_on.year}/{ends_on:%y}"
