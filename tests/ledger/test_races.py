"""Races of two connections. Each has a negative control: without the locks it must fail."""

from __future__ import annotations

import threading
import time

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
from tests.support.ledger_sql import LINE, POST, attempt, raw
from tests.support.threads import in_thread

POSTERS = 5
MONTHS = 4


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
def test_posting_during_a_close_never_adds_to_the_closed_period(
    chart, acme, accountant, controller, isolation
):
    lost = [
        close_while_posting(month, acme, accountant, controller, isolation) for month in range(1, MONTHS + 1)
    ]

    assert lost == [0] * MONTHS
    assert Entry.objects.posted().count() > 0


@pytest.mark.physical_copy
def test_posting_during_a_close_without_locks_adds_to_the_closed_period(chart, acme, accountant, controller):
    """The control: the same race without the two locks of the trigger."""
    replace_in_trigger("PERFORM pg_advisory_xact_lock_shared(", "PERFORM abs(")
    replace_in_trigger(" FOR SHARE", "")

    lost = [
        close_while_posting(month, acme, accountant, controller, "READ COMMITTED")
        for month in range(1, MONTHS + 1)
    ]

    assert sum(lost) > 0


def test_a_line_added_during_posting_is_checked(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)

    assert add_a_line_while_posting(acme, draft) == "BL005"


def test_a_line_added_after_posting_is_refused(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)
    with raw(acme) as poster, raw(acme) as other:
        poster.execute(POST.format(entry=draft.pk))
        with in_thread(lambda: attempt(other, third_line(draft))) as outcome:
            time.sleep(0.2)
            poster.commit()

    assert outcome == ["BL001"]


def test_concurrent_postings_of_a_draft_post_it_once(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)
    with raw(acme) as first, raw(acme) as second:
        first.execute(POST.format(entry=draft.pk))
        with in_thread(lambda: attempt(second, POST.format(entry=draft.pk))) as outcome:
            time.sleep(0.2)
            first.commit()

    assert outcome == ["BL001"]


def test_posting_a_draft_with_an_older_snapshot_is_refused(chart, acme, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)
    with raw(acme) as poster:
        poster.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        assert attempt(poster, POST.format(entry=draft.pk)) == "BL012"


def test_deactivating_an_account_during_a_posting_is_refused(chart, acme, accountant):
    """The deactivation waits for the transaction of the draft, and then finds its line."""
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)
    with raw(acme) as writer, raw(acme) as other:
        writer.execute(third_line(draft))
        off = "UPDATE ledger_account SET is_active = false WHERE code = '1000'"
        with in_thread(lambda: attempt(other, off)) as outcome:
            time.sleep(0.2)
            assert outcome == []
            writer.commit()

    assert outcome == ["BL011"]


def test_posting_while_a_child_account_is_opened_is_refused(chart, acme, accountant):
    """The posting waits for the transaction of the child account, and then finds it."""
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)
    with raw(acme) as opener, raw(acme) as other:
        opener.execute(
            "INSERT INTO ledger_account (code, name, type, is_active, parent_id)"
            " SELECT '5001', 'Garage', 'expense', true, id FROM ledger_account WHERE code = '5000'"
        )
        with in_thread(lambda: attempt(other, third_line(draft, "5000"))) as outcome:
            time.sleep(0.2)
            assert outcome == []
            opener.commit()

    assert outcome == ["BL008"]


def close_while_posting(month, acme, accountant, controller, isolation):
    """The number of entries posted in the period after the close had counted them under its lock."""
    period = Period.objects.get(number=month)
    counted, unexpected = [], []
    barrier = threading.Barrier(POSTERS + 1)

    def count(closing):
        counted.append(Entry.objects.posted().filter(period=closing).count())

    def post_until_closed():
        with activate(acme), connection.cursor() as cursor:
            cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {isolation}")
        with activate(acme):
            barrier.wait()
            while True:
                try:
                    dispatch(sale(posted_on=period.starts_on), actor=accountant)
                except PeriodIsClosed:
                    break
                except DatabaseError as error:
                    if getattr(error.__cause__, "sqlstate", "") != "40001":
                        unexpected.append(error)
                        break
        connections.close_all()

    threads = [threading.Thread(target=post_until_closed) for _ in range(POSTERS)]
    for thread in threads:
        thread.start()
    barrier.wait()
    time.sleep(0.15)
    hooks.closing_check(count)
    try:
        dispatch(ClosePeriod(period_id=period.pk, reason="The month is over."), actor=controller)
    finally:
        hooks._checks.remove(count)
        for thread in threads:
            thread.join(timeout=180)
    assert unexpected == []
    return Entry.objects.posted().filter(period=period).count() - counted[0]


def replace_in_trigger(lock, replacement):
    """Replaces part of the trigger, as the owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p"
            " WHERE proname = 'ledger_entry_guard' AND pronamespace = current_schema()::regnamespace"
        )
        (definition,) = cursor.fetchone()
        assert lock in definition
        cursor.execute(definition.replace(lock, replacement))


def add_a_line_while_posting(acme, draft):
    with raw(acme) as poster, raw(acme) as other:
        other.execute(third_line(draft))
        with in_thread(lambda: attempt(poster, POST.format(entry=draft.pk))) as outcome:
            time.sleep(0.2)
            assert outcome == []  # the posting waits for the lock
            other.commit()
    return outcome[0]


def third_line(draft, account="1000"):
    return LINE.format(entry=draft.pk, number=3, account=account, currency="USD", minor=9)
