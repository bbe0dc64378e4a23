"""Adding fiscal years of twelve periods, without overlaps or gaps."""

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import today
from apps.periods import queries
from apps.periods.commands import AddFiscalYear, ClosePeriod, DefineCalendar
from apps.periods.errors import (
    CalendarMissing,
    PeriodOverlaps,
    YearBeforeClosedPeriod,
    YearNotAdjacent,
    YearOutOfRange,
)
from apps.periods.models import Calendar, FiscalYear, Period

SHELL = System("the suite")
THIS_YEAR = today().year


@pytest.mark.exhaustive("each first month of a year", by=())
@pytest.mark.physical_copy
@pytest.mark.parametrize("first_month", range(1, 13))
def test_every_day_of_a_year_is_in_one_period(at_blank, first_month):
    dispatch(DefineCalendar(name="Standard", first_month=first_month), actor=SHELL)

    year = dispatch(AddFiscalYear(year=2027), actor=SHELL)  # ends in a leap year, from the third month on

    day, days = dt.date(2027, first_month, 1), []
    while Period.objects.covering(day).count() == 1:
        days.append(day)
        day += dt.timedelta(days=1)
    assert (days[0], days[-1]) == (year.starts_on, year.ends_on)
    assert len(days) == (366 if first_month >= 3 else 365)
    assert list(Period.objects.values_list("number", flat=True)) == list(range(1, 13))


@pytest.mark.physical_copy
def test_a_fiscal_year_across_calendar_years_is_named_after_both(at_blank):
    dispatch(DefineCalendar(name="April", first_month=4), actor=SHELL)

    year = dispatch(AddFiscalYear(year=2026), actor=SHELL)

    assert year.code == "2026/27"
    assert (year.starts_on, year.ends_on) == (dt.date(2026, 4, 1), dt.date(2027, 3, 31))
    assert queries.period_of(dt.date(2027, 1, 15)).code == "2027-01"
    assert queries.period_of(dt.date(2026, 3, 31)) is None


def test_an_adjacent_year_is_added(at_acme, controller):
    dispatch(AddFiscalYear(year=THIS_YEAR + 1), actor=controller)
    dispatch(AddFiscalYear(year=THIS_YEAR - 1), actor=controller)

    assert [year.code for year in queries.years()] == [
        str(THIS_YEAR - 1),
        str(THIS_YEAR),
        str(THIS_YEAR + 1),
    ]


def test_adding_an_existing_year_is_refused(at_acme, controller):
    with pytest.raises(PeriodOverlaps):
        dispatch(AddFiscalYear(year=THIS_YEAR), actor=controller)


def test_adding_a_year_after_a_gap_is_refused(at_acme, controller):
    with pytest.raises(YearNotAdjacent):
        dispatch(AddFiscalYear(year=THIS_YEAR + 2), actor=controller)


def test_adding_a_year_before_a_closed_period_is_refused(at_acme, controller, january):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    with pytest.raises(YearBeforeClosedPeriod):
        dispatch(AddFiscalYear(year=THIS_YEAR - 1), actor=controller)
    dispatch(AddFiscalYear(year=THIS_YEAR + 1), actor=controller)


@pytest.mark.parametrize("year", [0, 1899, 3000, 10**9])
def test_adding_an_implausible_year_is_refused(at_acme, controller, year):
    with pytest.raises(YearOutOfRange):
        dispatch(AddFiscalYear(year=year), actor=controller)


@pytest.mark.physical_copy
def test_adding_a_year_without_a_calendar_is_refused(at_blank):
    with pytest.raises(CalendarMissing):
        dispatch(AddFiscalYear(year=2026), actor=SHELL)


def test_the_database_refuses_overlapping_periods(at_acme, january):
    with pytest.raises(IntegrityError, match="periods_do_not_overlap"):
        Period.objects.create(
            year=january.year,
            calendar=january.calendar,
            number=13,
            code="extra",
            starts_on=january.ends_on,
            ends_on=january.ends_on,
        )


@pytest.mark.parametrize("months", [(), (1,), (1, 3), (2, 3), (1, 2)])
def test_the_database_refuses_a_year_that_is_not_covered(at_acme, months):
    calendar = Calendar.objects.get()
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        year = FiscalYear.objects.create(
            calendar=calendar, code="2099", starts_on=dt.date(2099, 1, 1), ends_on=dt.date(2099, 3, 31)
        )
        for month in months:
            Period.objects.create(
                year=year,
                calendar=calendar,
                number=month,
                code=f"2099-{month:02}",
                starts_on=dt.date(2099, month, 1),
                ends_on=dt.date(2099, month + 1, 1) - dt.timedelta(days=1),
            )

    assert caught.value.__cause__.sqlstate == "BP001"
    assert not FiscalYear.objects.filter(code="2099").exists()


def test_the_calendar_grid_lists_years_with_periods(at_acme):
    [(year, periods)] = queries.calendar_grid()

    assert year.code == str(THIS_YEAR)
    assert [period.number for period in periods] == list(range(1, 13))
