"""What two connections do to each other. Each has a negative control: with the locks off it must fail."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import psycopg
import pytest
from django.db import DatabaseError, connection, connections

from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.ledger.commands import DraftEntry
from apps.ledger.models import Entry
from apps.periods import hooks
from apps.periods.commands import ClosePeriod
from apps.periods.errors import PeriodIsClosed
from apps.periods.models import Period
from tests.support.books import JAN_9, sale
from tests.support.ledger_sql import LINE, POST, raw

POSTERS = 5
ROUNDS = 4


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_no_entry_slips_into_a_period_that_is_being_closed(chart, acme, accountant, controller, isolation):
    lost = [
        close_while_posting(month, acme, accountant, controller, isolation) for month in range(1, ROUNDS + 1)
    ]

    assert lost == [0] * ROUNDS
    assert Entry.objects.posted().count() > 0


@pytest.mark.physical_copy
def test_without_the_locks_entries_do_slip_in(chart, acme, accountant, controller):
    """The control: the same race, with the guard's two locks taken out of it."""
    switch_off("PERFORM pg_advisory_xact_lock_shared(", "PERFORM abs(")
    switch_off(" FOR SHARE", "")

    lost = [
        close_while_posting(month, acme, accountant, controller, "READ COMMITTED")
        for month in range(1, ROUNDS + 1)
    ]

    assert sum(lost) > 0


def test_a_line_that_is_added_while_the_entry_is_posted_is_counted(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)

    assert add_a_line_while_posting(acme, draft) == "BL005"


def test_and_one_that_comes_too_late_is_refused(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)
    with raw(acme) as poster, raw(acme) as other:
        poster.execute(POST.format(entry=draft.pk))
        with in_thread(lambda: attempt(other, third_line(draft))) as outcome:
            time.sleep(0.2)
            poster.commit()

    assert outcome == ["BL001"]


def test_two_who_post_one_draft_post_it_once(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)
    with raw(acme) as first, raw(acme) as second:
        first.execute(POST.format(entry=draft.pk))
        with in_thread(lambda: attempt(second, POST.format(entry=draft.pk))) as outcome:
            time.sleep(0.2)
            first.commit()

    assert outcome == ["BL001"]


def test_an_older_snapshot_cannot_post_a_draft(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)
    with raw(acme) as poster:
        poster.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        assert attempt(poster, POST.format(entry=draft.pk)) == "BL012"


def test_an_account_is_not_deactivated_under_a_posting(chart, acme, accountant):
    """Whoever deactivates waits for the draft that is being written, and then sees it."""
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)
    with raw(acme) as writer, raw(acme) as other:
        writer.execute(third_line(draft))
        off = "UPDATE ledger_account SET is_active = false WHERE code = '1000'"
        with in_thread(lambda: attempt(other, off)) as outcome:
            time.sleep(0.2)
            assert outcome == []
            writer.commit()

    assert outcome == ["BL011"]


def test_an_account_gets_no_child_under_a_posting(chart, acme, accountant):
    """Whoever posts waits for the child that is being opened, and then sees it."""
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)
    with raw(acme) as opener, raw(acme) as other:
        opener.execute(
            "INSERT INTO ledger_account (code, name, type, is_active, parent_id)"
            " SELECT '1001', 'Till', 'asset', true, id FROM ledger_account WHERE code = '1000'"
        )
        with in_thread(lambda: attempt(other, third_line(draft))) as outcome:
            time.sleep(0.2)
            assert outcome == []
            opener.commit()

    assert outcome == ["BL008"]


def close_while_posting(month, acme, accountant, controller, isolation):
    """How many entries were posted in the period beyond those that the close counted under its lock."""
    period = Period.objects.get(number=month)
    counted, strange = [], []
    begun = threading.Barrier(POSTERS + 1)

    def count(closing):
        counted.append(Entry.objects.posted().filter(period=closing).count())

    def post_until_closed():
        with activate(acme), connection.cursor() as cursor:
            cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {isolation}")
        with activate(acme):
            begun.wait()
            while True:
                try:
                    dispatch(sale(posted_on=period.starts_on), actor=accountant)
                except PeriodIsClosed:
                    break
                except DatabaseError as error:
                    if getattr(error.__cause__, "sqlstate", "") != "40001":
                        strange.append(error)
                        break
        connections.close_all()

    threads = [threading.Thread(target=post_until_closed) for _ in range(POSTERS)]
    for thread in threads:
        thread.start()
    begun.wait()
    time.sleep(0.15)
    hooks.closing_check(count)
    try:
        dispatch(ClosePeriod(period_id=period.pk, reason="The month is over."), actor=controller)
    finally:
        hooks._checks.remove(count)
        for thread in threads:
            thread.join(timeout=60)
    assert strange == []
    return Entry.objects.posted().filter(period=period).count() - counted[0]


def switch_off(lock, instead):
    """As the owner, in this test's own database."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
            " WHERE proname = 'ledger_entry_guard' AND pronamespace = current_schema()::regnamespace"
        )
        (definition,) = cursor.fetchone()
        assert lock in definition
        cursor.execute(definition.replace(lock, instead))


def add_a_line_while_posting(acme, draft):
    with raw(acme) as poster, raw(acme) as other:
        other.execute(third_line(draft))
        with in_thread(lambda: attempt(poster, POST.format(entry=draft.pk))) as outcome:
            time.sleep(0.2)
            assert outcome == []  # it waits
            other.commit()
    return outcome[0]


def third_line(draft):
    return LINE.format(entry=draft.pk, number=3, account="1000", currency="USD", minor=9)


def attempt(session, statement):
    """ "done", or the SQLSTATE with which the statement or the commit is refused."""
    try:
        session.execute(statement)
        session.commit()
    except psycopg.Error as error:
        session.rollback()
        return error.sqlstate
    return "done"


@contextmanager
def in_thread(work):
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(work()))
    thread.start()
    yield outcome
    thread.join(timeout=30)
