"""Advisory locks: each key is declared once, and its parameters are filled in at its use."""

import pytest

from apps.kernel.db.locks import LOCKS, Lock, TableLock, advisory_lock


@pytest.fixture(autouse=True)
def _declared_for_one_test(monkeypatch):
    monkeypatch.setattr("apps.kernel.db.locks.LOCKS", dict(LOCKS))


class Cursor:
    """Records the statements, and returns one prepared response."""

    def __init__(self, response):
        self.response, self.executed = response, []

    def execute(self, statement, parameters):
        self.executed.append((statement, parameters))

    def fetchone(self):
        return (self.response,)


def test_the_parameters_of_a_lock_are_filled_in_as_one_value():
    cursor = Cursor("")

    Lock("shelf:{tenant}:{shelf}").key(tenant=7, shelf="'a' {b} %s").hold(cursor)

    statement = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
    assert cursor.executed == [(statement, ["shelf:7:'a' {b} %s"])]


def test_the_schema_of_a_lock_is_filled_in_by_the_database():
    cursor = Cursor(True)

    assert Lock("{schema}:shelf:{shelf}").key(shelf=7).try_hold(cursor)

    statement = "SELECT pg_try_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))"
    assert cursor.executed == [(statement, [":shelf:7"])]


def test_a_table_is_locked_by_its_object_id():
    cursor = Cursor(False)

    assert not TableLock("shelves").key().try_hold_in_session(cursor)

    assert cursor.executed == [("SELECT pg_try_advisory_lock(%s::regclass::oid::bigint)", ["shelves"])]


def test_a_lock_without_one_of_its_parameters_is_refused():
    with pytest.raises(KeyError, match="shelf"):
        Lock("shelf:{tenant}:{shelf}").key(tenant=7)


def test_a_repeated_declaration_is_refused():
    Lock("shelf:{shelf}")

    with pytest.raises(TypeError, match="declared twice"):
        Lock("shelf:{shelf}")


def test_a_text_that_is_not_declared_is_refused_where_a_lock_is_taken():
    with pytest.raises(TypeError, match="'shelf:7' is not a declared lock"), advisory_lock("shelf:7"):
        pytest.fail("The block was entered.")
