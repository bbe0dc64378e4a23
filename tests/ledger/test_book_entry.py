"""Booking what has occurred: on its day, or on the first open day after it."""

import datetime as dt

import pytest
from django.db import DatabaseError, connection

from apps.bus import dispatch
from apps.kernel.clock import today
from apps.ledger.commands import BookEntry
from apps.ledger.errors import AccountUnknown, FactAlreadyPosted
from apps.ledger.models import Entry
from apps.periods.commands import ClosePeriod
from apps.periods.errors import NoOpenDay, PeriodIsClosed
from apps.periods.models import FiscalYear, Period
from apps.settings.commands import ChangeSetting
from tests.support.books import JAN_9, YEAR, line, sale
from tests.support.threads import in_tenant, in_thread, together

NEW_YEAR = dt.date(YEAR + 1, 1, 1)
FEB_1 = dt.date(YEAR, 2, 1)


def booking(occurred_on=JAN_9, source="payment_confirmed:17", amount="10.00"):
    return BookEntry(occurred_on=occurred_on, memo="A sale", source=source, lines=sale(amount).lines)


def close(period, actor):
    dispatch(ClosePeriod(period_id=period.pk, reason="The month is over."), actor=actor)


def test_an_entry_of_an_open_day_is_booked_on_it(chart, accountant):
    entry = dispatch(booking(), actor=accountant)

    assert (entry.posted_on, entry.occurred_on, entry.is_posted) == (JAN_9, None, True)


def test_an_entry_of_a_closed_day_is_booked_on_the_first_open_day_and_shows_both(
    chart, january, accountant, controller, api, client_for, acme
):
    close(january, controller)

    entry = dispatch(booking(), actor=accountant)

    assert (entry.posted_on, entry.occurred_on, entry.period.number) == (FEB_1, JAN_9, 2)
    shown = api(accountant).get(f"ledger/entries/{entry.pk}/").json()
    assert (shown["posted_on"], shown["occurred_on"]) == (FEB_1.isoformat(), JAN_9.isoformat())
    page = client_for(accountant, acme).get(f"/t/acme/ledger/entry/{entry.pk}/change/").content.decode()
    assert "Occurred on" in page
    assert str(JAN_9.day) in page


def test_a_repeated_fact_is_booked_once_even_if_its_period_was_closed(chart, january, accountant, controller):
    first = dispatch(booking(), actor=accountant)
    close(january, controller)

    assert dispatch(booking(), actor=accountant).pk == first.pk
    with pytest.raises(FactAlreadyPosted):
        dispatch(booking(amount="11.00"), actor=accountant)


def test_a_booking_after_the_last_fiscal_year_adds_the_next_one(chart, accountant):
    entry = dispatch(booking(NEW_YEAR), actor=accountant)

    assert (entry.posted_on, str(entry)) == (NEW_YEAR, f"GEN-{YEAR + 1}-1")
    assert FiscalYear.objects.count() == 2


def test_concurrent_bookings_after_the_last_fiscal_year_add_one_year(chart, acme, accountant):
    sources = iter(["x:1", "x:2", "x:3"])

    entries = together(3, lambda: dispatch(booking(NEW_YEAR, source=next(sources)), actor=accountant), acme)

    assert [entry.posted_on for entry in entries] == [NEW_YEAR] * 3
    assert FiscalYear.objects.count() == 2


def test_a_booking_without_any_open_day_is_refused_and_writes_nothing(chart, accountant, controller):
    dispatch(ChangeSetting(key="periods.add_fiscal_years", value=False), actor=controller)

    with pytest.raises(NoOpenDay):
        dispatch(booking(NEW_YEAR), actor=accountant)

    assert not Entry.objects.exists()
    assert FiscalYear.objects.count() == 1


def test_a_booking_with_an_unknown_account_adds_no_fiscal_year(chart, accountant):
    lines = (line("7777", "1"), line("4000", "-1"))

    with pytest.raises(AccountUnknown):
        dispatch(BookEntry(occurred_on=NEW_YEAR, memo="", source="x:1", lines=lines), actor=accountant)

    assert FiscalYear.objects.count() == 1


@pytest.mark.parametrize("is_locked", [True, False], ids=["with the lock", "control without it"])
def test_a_booking_during_the_close_of_its_period_is_booked_after_it(
    chart, january, acme, accountant, controller, monkeypatch, is_locked
):
    """The booking has chosen the day when the period is closed by another connection."""
    holds = Period.hold_open

    def closed_meanwhile(period):
        if period.pk == january.pk and not Period.objects.filter(number=1, status="closed").exists():
            with in_thread(lambda: in_tenant(acme, lambda: close(january, controller))):
                pass
        if is_locked:
            holds(period)

    monkeypatch.setattr(Period, "hold_open", closed_meanwhile)

    if is_locked:
        assert dispatch(booking(), actor=accountant).posted_on == FEB_1
    else:
        with pytest.raises(PeriodIsClosed):
            dispatch(booking(), actor=accountant)


def test_an_entry_that_occurs_after_its_day_is_refused_by_the_database(chart, accountant):
    assert today() >= JAN_9
    draft = (
        "INSERT INTO ledger_entry (journal_id, period_id, posted_on, occurred_on, status, memo, payee, reference,"
        " created_at) SELECT journal.id, period.id, %s, %s, 'draft', '', '', '', now()"
        " FROM ledger_journal AS journal, periods_period AS period WHERE period.number = 1"
    )
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute(draft, [JAN_9, JAN_9])

    assert caught.value.__cause__.sqlstate == "23514"
