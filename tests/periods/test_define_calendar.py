"""The fiscal calendar of a tenant."""

import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.kernel.actors import System
from apps.periods import queries
from apps.periods.commands import DefineCalendar
from apps.periods.errors import CalendarIsDefined, CalendarMissing, MonthUnknown
from apps.periods.models import Calendar

SHELL = System("the suite")


@pytest.mark.physical_copy
def test_a_calendar_has_its_first_month(at_blank):
    dispatch(DefineCalendar(name="April", first_month=4), actor=SHELL)

    assert queries.the_calendar().first_month == 4


@pytest.mark.physical_copy
def test_the_history_of_a_calendar_has_the_actor(at_blank):
    calendar = dispatch(DefineCalendar(name="Standard"), actor=SHELL)

    version = calendar.history.get()
    assert (version.history_type, version.actor_name) == ("+", "the suite")


def test_defining_a_second_calendar_is_refused(at_acme, controller):
    with pytest.raises(CalendarIsDefined):
        dispatch(DefineCalendar(name="Another"), actor=controller)


def test_a_second_calendar_is_refused_by_the_database(at_acme):
    from django.db import IntegrityError

    with pytest.raises(IntegrityError, match="periods_one_calendar"):
        Calendar.objects.create(name="Another")


@pytest.mark.physical_copy
@pytest.mark.parametrize("month", [0, 13, -1])
def test_an_invalid_first_month_is_refused(at_blank, month):
    with pytest.raises(MonthUnknown):
        dispatch(DefineCalendar(name="Odd", first_month=month), actor=SHELL)


@pytest.mark.physical_copy
def test_reading_a_missing_calendar_is_refused(at_blank):
    with pytest.raises(CalendarMissing):
        queries.the_calendar()


def test_defining_a_calendar_by_an_accountant_is_denied(at_acme, accountant):
    with pytest.raises(PermissionDenied):
        dispatch(DefineCalendar(name="Another"), actor=accountant)
