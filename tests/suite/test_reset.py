"""The database of the next test is the template again, or the test that changed it otherwise fails by its name."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection, connections, transaction

from apps.bus import dispatch
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.commands import OpenAccount
from apps.ledger.models import Account
from config.embedded.home import CHECKOUT
from tests.support.database import TESTER, fail_for
from tests.support.reset import SuiteDatabase

CHANGES = {
    "a trigger disabled": (
        "ALTER TABLE {acme}.ledger_entry DISABLE TRIGGER ledger_entry_guard",
        "pg_trigger",
    ),
    "a function replaced": (
        "CREATE OR REPLACE FUNCTION {acme}.ledger_entry_guard() RETURNS trigger"
        " LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "pg_proc: function {acme}.ledger_entry_guard()",
    ),
    "a column added": ("ALTER TABLE {acme}.ledger_entry ADD COLUMN colour text", "pg_attribute"),
    "a default changed": ("ALTER TABLE {acme}.ledger_entry ALTER COLUMN memo SET DEFAULT 'x'", "pg_attrdef"),
    "a policy added": ("CREATE POLICY all_rows ON events_outboxevent USING (true)", "pg_policy"),
    "row security disabled": ("ALTER TABLE events_outboxevent DISABLE ROW LEVEL SECURITY", "pg_class"),
    "a grant": ("GRANT TRUNCATE ON {acme}.ledger_entry TO bursar_tables", "pg_class"),
    "a setting of a role": (
        "ALTER ROLE bursar_relay IN DATABASE {name} SET work_mem = '5MB'",
        "settings of role bursar_relay",
    ),
    "a setting of the database": (
        "ALTER DATABASE {name} SET work_mem = '5MB'",
        "settings of the database",
    ),
    "TRUNCATE": ("TRUNCATE TABLE {acme}.companies_company CASCADE", "pg_class"),
}


@pytest.fixture
def superuser(suite_database: SuiteDatabase) -> Iterator[psycopg.Connection]:
    if suite_database.superuser_url is None:
        pytest.skip("DATABASE_URL names a server whose superuser is unknown, so each test gets a copy")
    with psycopg.connect(
        suite_database.superuser_url, dbname=suite_database.name, autocommit=True
    ) as superuser:
        yield superuser


@pytest.mark.exhaustive("each kind of change", by=())
@pytest.mark.parametrize(("statement", "noticed"), CHANGES.values(), ids=CHANGES)
def test_an_unmarked_change_of_the_schema_is_noticed(
    statement: str,
    noticed: str,
    acme: TenantInfo,
    suite_database: SuiteDatabase,
    superuser: psycopg.Connection,
) -> None:
    words = {"acme": acme.schema, "name": suite_database.name}
    superuser.execute(statement.format(**words))
    superuser.close()

    change = suite_database.restore(is_copy=False)

    assert noticed.format(**words) in change
    with pytest.raises(
        pytest.fail.Exception, match=r"tests/x\.py::test_y left what .* cannot put back: .*physical_copy"
    ):
        fail_for("tests/x.py::test_y", change)


def test_a_changed_function_is_named_though_others_were_replaced_by_equal_ones(
    acme: TenantInfo, suite_database: SuiteDatabase, superuser: psycopg.Connection
) -> None:
    superuser.execute(
        "DO $$ DECLARE definition text; BEGIN FOR definition IN SELECT pg_get_functiondef(oid) FROM pg_proc"
        " WHERE proname LIKE 'approvals%guard' LOOP EXECUTE definition; END LOOP; END $$"
    )
    superuser.close()
    assert suite_database.restore(is_copy=False) == ""

    statement, noticed = CHANGES["a function replaced"]
    with psycopg.connect(str(suite_database.superuser_url), dbname=suite_database.name) as again:
        again.execute(statement.format(acme=acme.schema))
    again.close()

    assert noticed.format(acme=acme.schema) in suite_database.restore(is_copy=False)


def test_a_change_that_is_rolled_back_is_none(db: None, suite_database: SuiteDatabase) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE events_outboxevent DISABLE ROW LEVEL SECURITY")
        transaction.set_rollback(True, using="owner")

    assert suite_database.restore(is_copy=False) == ""


def test_rows_and_sequences_are_put_back(acme: TenantInfo, suite_database: SuiteDatabase) -> None:
    def open_account() -> int:
        with activate(acme):
            return dispatch(OpenAccount(code="1000", name="Bank", type="asset"), actor=TESTER).pk

    first = open_account()
    assert suite_database.restore(is_copy=False) == ""

    with activate(acme):
        assert not Account.objects.exists()
    assert open_account() == first


def test_a_row_that_the_counters_missed_is_found_by_the_checksum(
    acme: TenantInfo,
    suite_database: SuiteDatabase,
    superuser: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suite_database, "checksum_every", 1)
    superuser.execute(f"UPDATE {acme.schema}.companies_company SET name = 'Other'")
    superuser.close()
    suite_database.count_anew()

    assert "companies_company" in suite_database.restore(is_copy=False)


SESSION_STATE: dict[str, tuple[str, str, object]] = {
    "an advisory lock": (
        "SELECT pg_advisory_lock(7)",
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
        0,
    ),
    "a temporary table": (
        "CREATE TEMPORARY TABLE left_over (id int)",
        "SELECT to_regclass('left_over')",
        None,
    ),
    "a setting": ("SET statement_timeout = '7s'", "SELECT current_setting('statement_timeout')", "0"),
    "a channel": ("LISTEN left_over", "SELECT count(*) FROM pg_listening_channels()", 0),
    "a role": ("SET ROLE bursar_tables", "SELECT current_user = session_user", True),
}


@pytest.mark.parametrize(("statement", "query", "expected"), SESSION_STATE.values(), ids=SESSION_STATE)
def test_the_session_of_a_reused_connection_is_discarded(
    statement: str, query: str, expected: object, db: None, suite_database: SuiteDatabase
) -> None:
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(statement)
    backend = owner.connection.info.backend_pid

    assert suite_database.restore(is_copy=False) == ""

    with owner.cursor() as cursor:
        cursor.execute(query)
        assert cursor.fetchone() == (expected,)
    assert owner.connection.info.backend_pid == backend


def test_an_open_transaction_costs_its_connection(db: None, suite_database: SuiteDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.connection.execute("BEGIN")

    assert suite_database.restore(is_copy=False) == ""

    assert connection.connection is None


def test_the_session_of_a_thread_must_have_ended(
    db: None, suite_database: SuiteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.reset.DISCONNECT_TIMEOUT_S", 0.1)
    is_connected, may_end = threading.Event(), threading.Event()

    def stay() -> None:
        with psycopg.connect(**connection.get_connection_params()):
            is_connected.set()
            may_end.wait()

    thread = threading.Thread(target=stay)
    thread.start()
    is_connected.wait()
    try:
        assert "sessions that are still open: bursar_app" in suite_database.restore(is_copy=False)
    finally:
        may_end.set()
        thread.join()


def test_a_reset_that_fails_costs_only_its_copy(
    db: None, suite_database: SuiteDatabase, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may leave the superuser's session in an aborted transaction."""

    def fail(superuser: psycopg.Connection) -> dict[str, object]:
        superuser.execute("BEGIN; SELECT 1 / 0")
        return {}

    with monkeypatch.context() as patch, pytest.raises(psycopg.errors.DivisionByZero):
        patch.setattr("tests.support.reset.settings_of_server", fail)
        suite_database.restore(is_copy=False)

    suite_database.prepare(template)
    assert suite_database.restore(is_copy=False) == ""


LOCK_OF_ROLES = re.compile(r"^LOCK TABLE pg_authid.*;\n", re.M)


@pytest.mark.xdist_group("roles")  # both cases change the same role of the server
@pytest.mark.parametrize("is_locked", [True, False], ids=["as it is", "negative control: without its lock"])
def test_the_roles_are_set_up_while_another_session_changes_one(
    is_locked: bool, db: None, suite_database: SuiteDatabase, superuser: psycopg.Connection
) -> None:
    """Two workers of the suite do so, as do a tenant's onboarding and an operator."""
    statements = (CHECKOUT / "deploy" / "roles.sql").read_text()
    assert LOCK_OF_ROLES.search(statements)
    if not is_locked:
        statements = LOCK_OF_ROLES.sub("", statements)
    refusals: list[Exception] = []

    session = psycopg.connect(str(suite_database.superuser_url), dbname=suite_database.name, autocommit=True)

    def set_up() -> None:
        with session:
            try:
                session.execute(statements.encode())
            except psycopg.errors.InternalError as refusal:
                refusals.append(refusal)

    superuser.execute("BEGIN; ALTER ROLE bursar_relay LOGIN")
    thread = threading.Thread(target=set_up)
    pids = [superuser.info.backend_pid, session.info.backend_pid]
    thread.start()
    while superuser.execute("SELECT %s <> ALL (pg_blocking_pids(%s))", pids).fetchone() == (True,):
        time.sleep(0.002)
    superuser.execute("COMMIT")
    thread.join()
    superuser.close()

    assert [str(refusal).splitlines()[0] for refusal in refusals] == (
        [] if is_locked else ["tuple concurrently updated"]
    )


def test_without_a_fixture_there_is_no_database() -> None:
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        connection.ensure_connection()
