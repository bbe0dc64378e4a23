"""The database of one worker of the suite: copied from a template, and after each test put back in place.

A test commits like the product, deferred triggers included. Afterwards the tables whose counters moved get the
template's rows again, and sequences the template's values, in one transaction in replica mode. That takes a tenth of a
physical copy and keeps the connections. What rows cannot repair (DDL, grants, TRUNCATE, settings) is found by a
fingerprint: it fails the test, unless the test is marked `physical_copy`, and the next one gets a new copy.

The reset connects as the superuser of the throw-away server, which no process of the product does.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connections
from psycopg import sql
from psycopg.pq import TransactionStatus

from config.embedded.home import CHECKOUT

from .fingerprint import Catalogue, counts, differences, read_catalogue, settings_of_server
from .servers import superuser_url

RESETS_PER_COPY = 300
"""Deleted rows stay in the files of a table until then; autovacuum is off."""
RESETS_PER_CHECKSUM = 20
_EMPTY = 21
"""Bytes that COPY's binary format writes for a table without rows."""
DISCONNECT_TIMEOUT_S = 120.0

_TABLES = """
SELECT c.oid::int, format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 2
"""
_SEQUENCES = """
SELECT c.oid::int, data.last_value, data.is_called
FROM pg_class c CROSS JOIN LATERAL pg_get_sequence_data(c.oid) AS data
WHERE c.relkind = 'S' AND c.relpersistence <> 't'
"""
_BACKENDS = """
SELECT pid, concat(usename, ' (', coalesce(nullif(application_name, ''), 'unnamed'), '): ', left(query, 200))
FROM pg_stat_activity WHERE datname = current_database() AND pid <> ALL (%s)
"""
_DISCARD_SESSION = """
RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all();
DISCARD TEMPORARY; SELECT pg_stat_force_next_flush()
"""
"""DISCARD ALL would also drop the plans and caches that make the reuse of a connection worthwhile."""
_SAME_GRANTS = """
DO $$
DECLARE
    given record;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {target});
    FOR given IN SELECT privilege_type, grantee::regrole AS role FROM pg_database, aclexplode(datacl)
        WHERE datname = {source} AND grantee NOT IN (0, datdba)
    LOOP
        EXECUTE format('GRANT %s ON DATABASE %I TO %s', given.privilege_type, {target}, given.role);
    END LOOP;
END $$
"""
"""What `deploy/roles.sql` grants on the database itself: PostgreSQL copies all but that."""


class NotRestorable(Exception):
    """The test changed what a reset cannot put back. `str()` lists it."""


@dataclass
class _Template:
    """What an untouched copy contains. Copies are physical, so their oids are the template's."""

    tables: dict[int, str]
    rows: dict[int, bytes]
    """In COPY's binary format, of the tables that have any."""
    sequences: dict[int, tuple[int | None, bool]]
    checksum: dict[str, object]
    catalogue: dict[str, object]


class SuiteDatabase:
    """One database and the superuser's connection to it. Where the superuser is unknown (DATABASE_URL names a server),
    each test gets a physical copy."""

    def __init__(self, name: str, *, checksum_every: int = RESETS_PER_CHECKSUM) -> None:
        self.name, self.checksum_every = name, checksum_every
        self.superuser_url = superuser_url()
        self._template = ""
        self._superuser: psycopg.Connection | None = None
        self._resets = 0
        self._reused: list[Any] = []
        self._templates: dict[str, _Template] = {}

    def prepare(self, template: str) -> None:
        """Before a test: the database equals `template`, and every alias of Django points at it."""
        if self._template != template or connections["default"].settings_dict["NAME"] != self.name:
            self._copy(template)

    def restore(self, *, is_copy: bool) -> str:
        """After a test. `is_copy`: the test is marked `physical_copy`, so the database is dropped unseen. Returns what
        could not be put back, or nothing."""
        if is_copy or self._superuser is None:
            self.discard()
            return ""
        try:
            self._put_back()
        except NotRestorable as change:
            self.discard()
            return str(change)
        except BaseException:
            self.discard()
            raise
        if self._resets >= RESETS_PER_COPY:
            self.discard()
        return ""

    def _put_back(self) -> None:
        self._refuse_open_sessions()
        self._refuse_other_catalogue()
        self._put_rows_back()
        self._resets += 1
        if self._resets % self.checksum_every == 0:
            self._refuse_other_rows()

    def discard(self) -> None:
        """The next test gets a new copy."""
        self._template = ""
        for wrapper in (*self._reused, *connections.all(initialized_only=True)):
            wrapper.close()
        self._reused = []
        if self._superuser is not None:
            self._superuser.close()
            self._superuser = None

    def count_anew(self) -> None:
        """What has been written since the last reset counts as the template's."""
        for connection in connections.all(initialized_only=True):
            connection.close()
        self._refuse_open_sessions()
        self._counts = counts(self._connection, list(self._untouched.tables))

    # A copy

    def _copy(self, name: str) -> None:
        self.discard()
        copy_database(name, self.name)
        point_at(self.name)
        self._template, self._resets = name, 0
        if self.superuser_url is None:
            return
        self._superuser = connection = psycopg.connect(
            self.superuser_url, dbname=self.name, autocommit=True, application_name="reset of the suite"
        )
        connection.execute("SET stats_fetch_consistency = none; SET session_replication_role = replica")
        if name not in self._templates:
            self._templates[name] = self._read_template()
        self._untouched = self._templates[name]
        self._catalogue = Catalogue(connection, self._untouched.catalogue)
        self._server = settings_of_server(connection)
        self._counts = counts(connection, list(self._untouched.tables))

    def _read_template(self) -> _Template:
        """The template itself may not be connected to: that would stop another worker's copy."""
        tables: dict[int, str] = dict(self._connection.execute(_TABLES).fetchall())
        return _Template(
            tables=tables,
            rows={oid: rows for oid, table in tables.items() if len(rows := self._dump(table)) > _EMPTY},
            sequences=self._sequences(),
            checksum=self._checksum(tables),
            catalogue=read_catalogue(self._connection),
        )

    def _dump(self, table: str) -> bytes:
        command = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.SQL(table))
        with self._connection.cursor().copy(command) as rows:
            return b"".join(bytes(block) for block in rows)

    def _sequences(self) -> dict[int, tuple[int | None, bool]]:
        rows = self._connection.execute(_SEQUENCES).fetchall()
        return {oid: (last_value, is_called) for oid, last_value, is_called in rows}

    def _checksum(self, tables: Mapping[int, str]) -> dict[str, object]:
        """By table, the number and a hash of its rows."""
        query = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {}, (count(*), sum(hashtextextended(t::text, 0)))::text FROM {} t").format(
                sql.Literal(table), sql.SQL(table)
            )
            for table in tables.values()
        )
        return dict(self._connection.execute(query).fetchall())

    @property
    def _connection(self) -> psycopg.Connection:
        assert self._superuser is not None
        return self._superuser

    # Back in place

    def _refuse_open_sessions(self) -> None:
        """Threads and child processes must have left: each session counts its changes when it ends. The connections of
        this thread stay, without what the test left in their sessions."""
        own_pids, current = [self._connection.info.backend_pid], connections.all(initialized_only=True)
        for wrapper in self._reused:
            if wrapper not in current:  # Django has others for this thread while an event loop runs in it
                wrapper.close()
        self._reused = [wrapper for wrapper in current if _is_clean(wrapper)]
        for wrapper in current:
            if wrapper in self._reused:
                own_pids.append(wrapper.connection.info.backend_pid)
            else:
                wrapper.close()
        deadline = time.monotonic() + DISCONNECT_TIMEOUT_S
        while others := self._connection.execute(_BACKENDS, [own_pids]).fetchall():
            gc.collect()  # the connection of a thread that has ended is closed with its locals
            if time.monotonic() > deadline:
                raise NotRestorable("sessions that are still open: " + "; ".join(text for _, text in others))
            time.sleep(0.002)

    def _refuse_other_catalogue(self) -> None:
        changes = self._catalogue.changes()
        now = settings_of_server(self._connection)
        if changed := differences(self._server, now):
            self._reset_roles()
            changes += changed
        if changes:
            raise NotRestorable("; ".join(changes))

    def _reset_roles(self) -> None:
        """Roles and their settings belong to the server: a copy of the database does not bring them back."""
        for (role,) in self._connection.execute(
            "SELECT DISTINCT setrole::regrole::text FROM pg_db_role_setting WHERE setrole <> 0 AND setdatabase = 0"
        ).fetchall():
            self._connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(sql.SQL(role)))
        self._connection.execute((CHECKOUT / "deploy" / "roles.sql").read_bytes())

    def _put_rows_back(self) -> None:
        connection, tables = self._connection, self._untouched.tables
        now = counts(connection, list(tables))
        dirty = [oid for oid, count in now.items() if count != self._counts[oid]]
        moved = [
            oid for oid, state in self._sequences().items() if state != self._untouched.sequences.get(oid)
        ]
        if not dirty and not moved:
            return
        with connection.transaction():
            if dirty:
                delete = sql.SQL("DELETE FROM {}")
                connection.execute(sql.SQL("; ").join(delete.format(sql.SQL(tables[oid])) for oid in dirty))
            for oid in dirty:
                if rows := self._untouched.rows.get(oid):
                    command = sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(sql.SQL(tables[oid]))
                    with connection.cursor().copy(command) as copy:
                        copy.write(rows)
            if moved:
                connection.execute(
                    sql.SQL("SELECT {}").format(
                        sql.SQL(", ").join(_setval(oid, *self._untouched.sequences[oid]) for oid in moved)
                    )
                )
        connection.execute("SELECT pg_stat_force_next_flush()")
        self._counts = counts(connection, list(tables))

    def _refuse_other_rows(self) -> None:
        """Proves the reset itself: every table against the template's."""
        now = self._checksum(self._untouched.tables)
        if changed := differences(self._untouched.checksum, now):
            raise NotRestorable("rows that the reset did not put back: " + ", ".join(changed))


def _is_clean(wrapper: Any) -> bool:
    """Whether the connection can serve the next test, once what the last one left in its session is discarded."""
    if wrapper.connection is None or wrapper.in_atomic_block or not wrapper.get_autocommit():
        return False
    if wrapper.settings_dict["OPTIONS"].get("pool") or wrapper.settings_dict["TENANCY"]["pooled"]:
        return False
    try:
        if wrapper.connection.info.transaction_status != TransactionStatus.IDLE:
            return False
        wrapper.connection.execute(_DISCARD_SESSION)
        wrapper._applied = None
        wrapper.ensure_timezone()
    except psycopg.Error:
        return False
    wrapper.run_on_commit.clear()
    return True


def _setval(oid: int, last_value: int | None, is_called: bool) -> sql.Composed:
    return sql.SQL("setval({}::oid::regclass, {}, {})").format(
        sql.Literal(oid), sql.Literal(last_value), sql.Literal(is_called)
    )


def copy_database(source: str, target: str) -> None:
    """A physical copy on the suite's server, with the owner and the grants of the source."""
    names = {"source": sql.Identifier(source), "target": sql.Identifier(target)}
    with _connect() as connection:
        # A session that has just been closed may still be listed.
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {target} WITH (FORCE)").format(**names))
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {target} TEMPLATE {source} OWNER bursar_owner STRATEGY FILE_COPY"
            ).format(**names)
        )
        connection.execute(
            sql.SQL(_SAME_GRANTS).format(source=sql.Literal(source), target=sql.Literal(target))
        )


def point_at(name: str) -> None:
    """Every connection of Django's uses the database of this name."""
    for alias in connections:
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name


def _connect() -> psycopg.Connection:
    """As the superuser of the throw-away server, else as the owner."""
    if url := superuser_url():
        return psycopg.connect(url, dbname="template1", autocommit=True)
    owner = connections["owner"].settings_dict
    return psycopg.connect(
        host=owner["HOST"],
        port=owner["PORT"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        dbname="template1",
        autocommit=True,
    )
