"""Advisory locks: each text is declared once, and its words are filled in where it is taken."""

import pytest

from apps.kernel.locks import LOCKS, Lock, TableLock
from apps.kernel.transactions import advisory_lock


@pytest.fixture(autouse=True)
def _declared_for_one_test(monkeypatch):
    monkeypatch.setattr("apps.kernel.locks.LOCKS", dict(LOCKS))


class Cursor:
    """Notes what is executed, and answers as PostgreSQL does."""

    def __init__(self, response):
        self.answer, self.executed = response, []

    def execute(self, statement, parameters):
        self.executed.append((statement, parameters))

    def fetchone(self):
        return (self.answer,)


def test_the_words_of_a_lock_are_filled_in_as_one_parameter():
    cursor = Cursor("")

    Lock("shelf:{tenant}:{shelf}").key(tenant=7, shelf="'a' {b} %s").hold(cursor)

    statement = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
    assert cursor.executed == [(statement, ["shelf:7:'a' {b} %s"])]


def test_the_schema_of_a_lock_is_the_one_that_the_database_knows():
    cursor = Cursor(True)

    assert Lock("{schema}:shelf:{shelf}").key(shelf=7).try_hold(cursor)

    statement = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))"
    assert cursor.executed == [(statement, [":shelf:7"])]


def test_a_table_is_locked_by_its_object_id():
    cursor = Cursor(False)

    assert not TableLock("shelves").key().try_hold_in_session(cursor)

    assert cursor.executed == [("SELECT pg_try_advisory_lock(%s::regclass::oid::bigint)", ["shelves"])]


def test_a_lock_without_one_of_its_words_is_refused():
    with pytest.raises(KeyError, match="shelf"):
        Lock("shelf:{tenant}:{shelf}").key(tenant=7)


def test_a_text_that_is_declared_already_is_refused():
    Lock("shelf:{shelf}")

    with pytest.raises(TypeError, match="declared twice"):
        Lock("shelf:{shelf}")


def test_a_text_that_is_not_declared_is_refused_where_a_lock_is_taken():
    with pytest.raises(TypeError, match="'shelf:7' is not a declared lock"), advisory_lock("shelf:7"):
        pytest.fail("The block was entered.")
