"""The next fiscal year: added in time by the scheduled task, or announced as missing."""

import datetime as dt

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import moved_to, today
from apps.notices.models import Notice
from apps.periods import queries
from apps.periods.commands import AddFiscalYear, ClosePeriod, ExtendCalendar
from apps.periods.errors import DayTooFarAhead, NoOpenDay
from apps.periods.models import FiscalYear, Period
from apps.periods.rules import open_day_must_exist
from apps.periods.tasks import extend_calendar
from apps.settings.commands import ChangeSetting

SHELL = System("the suite")
YEAR = today().year
NEW_YEAR = dt.date(YEAR + 1, 1, 1)


def noon_of(month, day, year=YEAR):
    return moved_to(dt.datetime(year, month, day, 12, tzinfo=dt.UTC))


def year_codes():
    return [year.code for year in queries.years()]


@pytest.fixture
def switched_off(at_acme, controller):
    dispatch(ChangeSetting(key="periods.add_fiscal_years", value=False), actor=controller)


def test_the_next_fiscal_year_is_added_sixty_days_before_the_last_one_ends(at_acme):
    with noon_of(10, 31):
        extend_calendar.run()
        assert year_codes() == [str(YEAR)]

    with noon_of(11, 1):
        extend_calendar.run()
        extend_calendar.run()

    assert year_codes() == [str(YEAR), str(YEAR + 1)]
    assert Record.objects.filter(command="periods.extend_calendar").count() == 1
    assert not Notice.objects.exists()


def test_a_missing_fiscal_year_is_announced_weekly_if_the_setting_is_off(switched_off, owner, accountant):
    with noon_of(10, 31):
        extend_calendar.run()
        assert not Notice.objects.exists()
    with noon_of(12, 1):
        extend_calendar.run()
        extend_calendar.run()
        notice = Notice.objects.get()
    with noon_of(12, 9):
        extend_calendar.run()

    assert year_codes() == [str(YEAR)]
    assert Notice.objects.count() == 2
    assert notice.subject == f"The fiscal year after {YEAR} is missing"
    addresses = set(notice.deliveries.values_list("address", flat=True))
    assert {owner.email, accountant.email} <= addresses


def test_the_first_open_day_is_the_day_itself_or_the_start_of_the_first_open_period(
    january, controller, switched_off
):
    assert queries.first_open_day(dt.date(YEAR, 1, 9)) == dt.date(YEAR, 1, 9)
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)
    assert queries.first_open_day(dt.date(YEAR, 1, 9)) == dt.date(YEAR, 2, 1)

    with pytest.raises(NoOpenDay):
        open_day_must_exist(NEW_YEAR)
    dispatch(ChangeSetting(key="periods.add_fiscal_years", value=True), actor=controller)
    assert open_day_must_exist(NEW_YEAR) == NEW_YEAR
    assert queries.first_open_day(dt.date(YEAR + 9, 1, 1)) is None


def test_the_calendar_is_extended_by_several_years_but_not_far(at_acme):
    dispatch(ExtendCalendar(until=dt.date(YEAR + 2, 5, 1)), actor=SHELL)

    assert year_codes() == [str(YEAR + ahead) for ahead in range(3)]
    with pytest.raises(DayTooFarAhead):
        dispatch(ExtendCalendar(until=dt.date(YEAR + 99, 1, 1)), actor=SHELL)
    assert FiscalYear.objects.count() == 3


def test_pages_show_a_missing_fiscal_year(switched_off, client_for, acme, controller):
    with noon_of(12, 1):
        browser = client_for(controller, acme)
        dashboard = browser.get("/t/acme/").content.decode()
        calendar = browser.get("/t/acme/periods/").content.decode()

    assert f"the fiscal year after {YEAR} is missing" in dashboard
    assert f"The fiscal year after {YEAR} is missing" in calendar
    december = Period.objects.get(number=12)
    assert f"/periods/{december.pk}/close/" not in calendar
    assert f"/periods/{Period.objects.get(number=11).pk}/close/" in calendar


def test_a_fiscal_year_that_exists_is_announced_nowhere(switched_off, controller):
    dispatch(AddFiscalYear(year=YEAR + 1), actor=controller)

    with noon_of(12, 1):
        extend_calendar.run()
        assert queries.year_without_successor(today()) is None

    assert not Notice.objects.exists()
