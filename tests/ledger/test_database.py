"""Invariants in the database: raw SQL by the runtime role, and by the owner."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, connections, transaction
from psycopg import sql

from apps.bus import dispatch
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.tenant import activate
from apps.ledger.commands import DeactivateAccount, DraftEntry, OpenAccount, ReverseEntry
from apps.ledger.models import Entry
from apps.periods.commands import ClosePeriod
from tests.support.books import FEB_9, JAN_9, YEAR, sale
from tests.support.ledger_sql import DRAFT, LINE, POST, raw

BALANCED = (("1000", "USD", 5), ("4000", "USD", -5))


@pytest.fixture
def posted(chart, accountant):
    return dispatch(sale("5"), actor=accountant)


@pytest.fixture
def draft(chart, accountant):
    return dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=sale("5").lines), actor=accountant)


# Posting


def test_a_balanced_entry_by_raw_sql_is_posted(chart):
    with transaction.atomic(), connection.cursor() as cursor:
        entry = write(cursor, *BALANCED)

    assert str(Entry.objects.get(pk=entry)) == f"GEN-{YEAR}-1"


@pytest.mark.parametrize(
    ("lines", "sqlstate"),
    [
        ((("1000", "USD", 5), ("4000", "USD", -4)), "BL005"),
        ((("1000", "USD", 5), ("4000", "EUR", -5)), "BL005"),
        ((("1000", "USD", 5),), "BL004"),
        ((), "BL004"),
        ((("1000", "USD", 0), ("4000", "USD", 0)), "23514"),
        ((("1000", "usd", 5), ("4000", "usd", -5)), "23514"),
        ((("1000", "USD", 10**15 + 1), ("4000", "USD", -(10**15) - 1)), "23514"),
    ],
)
def test_an_invalid_entry_is_refused_at_commit(chart, lines, sqlstate):
    assert refused(lambda cursor: write(cursor, *lines)) == sqlstate
    assert not Entry.objects.exists()


def test_inserting_a_posted_entry_is_refused(chart):
    statement = DRAFT.replace("'draft'", "'posted'")

    assert refused(statement) == "BL002"


def test_raw_sql_in_a_closed_period_is_refused(chart, january, controller):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    assert refused(DRAFT) == "BP002"


def test_a_date_outside_the_period_is_refused(chart):
    assert refused(DRAFT.replace(str(JAN_9), str(FEB_9))) == "BL003"


def test_a_draft_with_a_number_is_refused(chart):
    statement = DRAFT.replace("(journal_id,", "(number, journal_id,").replace("SELECT ", "SELECT 7, ")

    assert refused(statement) == "23514"


def test_a_number_given_at_posting_is_ignored(draft):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(POST.format(entry=draft.pk).replace("SET", "SET number = 77,"))

    draft.refresh_from_db()
    assert draft.number == 1


def test_a_rolled_back_number_is_assigned_again(chart):
    with transaction.atomic(), connection.cursor() as cursor:
        write(cursor, *BALANCED)
        transaction.set_rollback(True)
    with transaction.atomic(), connection.cursor() as cursor:
        entry = write(cursor, *BALANCED)

    assert Entry.objects.get(pk=entry).number == 1


def test_lines_on_accounts_without_postings_are_refused(draft, chart, controller):
    dispatch(DeactivateAccount(account_id=chart["2000"].pk, reason="Repaid"), actor=controller)
    dispatch(OpenAccount(code="3001", name="Shares", type="equity", parent="3000"), actor=controller)

    assert refused(line(draft.pk, 3, "2000", "USD", 5)) == "BL007"
    assert refused(line(draft.pk, 3, "3000", "USD", 5)) == "BL008"


# Posted entries


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET memo = 'x' WHERE id = {entry}",
        "UPDATE ledger_entry SET status = 'draft', number = NULL, posted_at = NULL WHERE id = {entry}",
        "UPDATE ledger_entry SET posted_on = posted_on + 1",
        "DELETE FROM ledger_entry",
        "DELETE FROM ledger_entryline WHERE entry_id = {entry}",
        LINE.format(entry="{entry}", number=3, account="1000", currency="USD", minor=9),
        LINE.format(entry="{entry}", number=3, account="1000", currency="USD", minor=9)
        + " UNION ALL SELECT {entry}, 4, id, 'USD', -9, '' FROM ledger_account WHERE code = '4000'",
    ],
)
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_changing_a_posted_entry_is_refused(posted, alias, statement):
    assert refused(statement.format(entry=posted.pk), alias=alias) == "BL001"
    assert [entry.amount_minor for entry in Entry.objects.get().lines.all()] == [500, -500]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entryline SET amount_minor = amount_minor * 2",
        "UPDATE ledger_entryline SET account_id = account_id + 1",
        "TRUNCATE ledger_entryline",
        "TRUNCATE ledger_entry CASCADE",
    ],
)
def test_changing_lines_is_refused(posted, statement):
    assert refused(statement) == "42501"
    assert refused(statement, alias="owner") == "BL001"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_account",
        "DELETE FROM ledger_journal",
        "UPDATE ledger_journalcounter SET last = 0",
        "DELETE FROM ledger_journalcounter",
        "DELETE FROM ledger_historicalaccount",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "ALTER TABLE ledger_entryline DROP CONSTRAINT ledger_line_is_not_zero",
        "DROP TRIGGER ledger_entry_guard ON ledger_entry",
        "DROP TABLE ledger_entryline",
        "CREATE OR REPLACE FUNCTION ledger_rows_are_immutable() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        "CREATE TABLE extra (id int)",
        "SET session_replication_role = replica",
    ],
)
def test_changing_the_schema_as_the_runtime_is_denied(posted, statement):
    assert refused(statement) == "42501"


def test_changing_the_type_of_an_account_is_refused(chart):
    assert refused("UPDATE ledger_account SET type = 'income' WHERE code = '1000'") in ("BL010", "BL016")
    assert refused("UPDATE ledger_account SET parent_id = id + 1 WHERE code = '1000'") == "BL010"
    assert refused("UPDATE ledger_account SET parent_id = id WHERE code = '1000'") in ("BL010", "23514")


def test_changing_accounts_with_lines_is_refused(draft):
    child = (
        "INSERT INTO ledger_account (code, name, type, is_active, parent_id)"
        " SELECT '1001', 'Till', 'asset', true, id FROM ledger_account WHERE code = '1000'"
    )

    assert refused(child) == "BL009"
    assert refused("UPDATE ledger_account SET is_active = false WHERE code = '1000'") == "BL011"


# Reversals


def test_a_second_reversal_is_refused(posted, accountant):
    dispatch(ReverseEntry(entry_id=posted.pk, posted_on=JAN_9, reason="Wrong"), actor=accountant)

    def again(cursor):
        reversal = write(cursor, ("1000", "USD", -5), ("4000", "USD", 5), post=False)
        cursor.execute(f"UPDATE ledger_entry SET reversal_of_id = {posted.pk} WHERE id = {reversal}")

    assert refused(again) == "23505"


@pytest.mark.parametrize(
    "lines",
    [
        (("1000", "USD", 500), ("4000", "USD", -500)),
        (("1000", "USD", -4), ("4000", "USD", 4)),
        (("5000", "USD", -500), ("4000", "USD", 500)),
        (("1000", "USD", -500), ("4000", "USD", 500), ("1000", "USD", 1), ("4000", "USD", -1)),
    ],
)
def test_a_reversal_with_other_lines_is_refused(posted, lines):
    def reverse(cursor):
        reversal = write(cursor, *lines, post=False)
        cursor.execute(f"UPDATE ledger_entry SET reversal_of_id = {posted.pk} WHERE id = {reversal}")
        cursor.execute(POST.format(entry=reversal))

    assert refused(reverse) == "BL006"


def test_reversing_a_draft_is_refused(draft):
    def reverse(cursor):
        reversal = write(cursor, ("1000", "USD", -500), ("4000", "USD", 500), post=False)
        cursor.execute(f"UPDATE ledger_entry SET reversal_of_id = {draft.pk} WHERE id = {reversal}")
        cursor.execute(POST.format(entry=reversal))

    assert refused(reverse) == "BL006"


# Schemas


def test_an_invalid_entry_is_refused_after_a_switch_of_the_tenant(chart, acme, globex):
    """The deferred trigger fires under the search path of another tenant, and checks the right tables."""
    with raw(acme) as session:
        with session.cursor() as cursor:
            write(cursor, ("1000", "USD", 5), ("4000", "USD", -4))
            cursor.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(globex.schema)))
        with pytest.raises(psycopg.Error) as caught:
            session.commit()

    assert caught.value.sqlstate == "BL005"
    assert not Entry.objects.exists()


def test_an_invalid_entry_fails_its_unit_of_work_within_a_transaction(chart, acme):
    with activate(acme), transaction.atomic():
        with pytest.raises(DatabaseError) as caught, unit_of_work(), connection.cursor() as cursor:
            write(cursor, ("1000", "USD", 5), ("4000", "USD", -4))
        with unit_of_work(), connection.cursor() as cursor:
            write(cursor, *BALANCED)

    assert caught.value.__cause__.sqlstate == "BL005"
    with activate(acme):
        assert Entry.objects.count() == 1


@pytest.mark.physical_copy
def test_an_invalid_entry_is_refused_in_a_renamed_schema(chart, acme):
    with activate(None), connections["owner"].cursor() as cursor:
        cursor.execute(f'ALTER SCHEMA "{acme.schema}" RENAME TO moved')

    with raw(acme, "moved") as session:
        with session.cursor() as cursor:
            entry = write(cursor, *BALANCED)
            session.commit()
            cursor.execute("SELECT number FROM ledger_entry WHERE id = %s", [entry])
            assert cursor.fetchone() == (1,)
            write(cursor, ("1000", "USD", 5), ("4000", "USD", -4))
        with pytest.raises(psycopg.Error) as caught:
            session.commit()
    assert caught.value.sqlstate == "BL005"


def line(entry, number, account, currency, minor):
    return LINE.format(entry=entry, number=number, account=account, currency=currency, minor=minor)


def write(cursor, *lines, post=True):
    cursor.execute(DRAFT)
    (entry,) = cursor.fetchone()
    for number, (account, currency, minor) in enumerate(lines, start=1):
        cursor.execute(line(entry, number, account, currency, minor))
    if post:
        cursor.execute(POST.format(entry=entry))
    return entry


def refused(attempt, *, alias="default"):
    """The SQLSTATE of the refusal of the statement (or the function of a cursor), or of the commit."""
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        attempt(cursor) if callable(attempt) else cursor.execute(attempt)
    return caught.value.__cause__.sqlstate
