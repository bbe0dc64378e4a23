"""Move of a tenant to another database without downtime, by logical replication and a short read-only window.

The default is the offline move (`offline.py`): it is simpler, and verifies each part. The online move is for
a tenant too large to pause. The source needs `wal_level = logical` and a role with REPLICATION, whose address is in
DATABASE_MOVERS.

    copy      tables without constraints, all rows, and changes made meanwhile; then indexes and keys
    window    the tenant is read-only, and its role loses the right to write at the source
    drain     the last changes are replicated, sequences set, and rows compared
    switch    the directory stores the new database; the old schema is renamed and made inaccessible

A failure before the switch is rolled back, and the tenant stays in its database.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from psycopg import sql

from apps.backups import rules
from apps.backups.errors import BlueprintDiffers, CopyDiffers, ReplicaLagging
from apps.backups.files import importing, outbox
from apps.backups.restores import restoring
from apps.backups.schemas import blueprint, catalogue
from apps.kernel.db import databases
from apps.tenancy import directory
from apps.tenancy.models import Tenant
from apps.tenancy.placement import tenant_mirror

PLACEHOLDER = "bursar_template"
COPY_TIMEOUT_S, WINDOW_TIMEOUT_S = 3600.0, 15.0
POLL_INTERVAL_S = 0.01
_OWN_SUBSCRIPTION = """
SELECT pg_subscription.oid FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid
WHERE subname = %s AND datname = current_database()
"""
"""pg_subscription contains the subscriptions of all databases of the server."""
_TRIGGER = ("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")


@dataclass(frozen=True)
class Moved:
    """A finished move. `copied` is the duration of the copy in seconds, `read_only` that of the window without
    writes."""

    subject: Tenant
    before: str
    after: str
    rows: int
    copied: float
    read_only: float

    def __str__(self) -> str:
        """The text in the audit log."""
        return (
            f"{self.subject} from the database {self.before} to {self.after} online: {self.rows:,} rows;"
            f" read-only for {self.read_only:.2f} s"
        )


def move_online(tenant: Tenant, to: str) -> Moved:
    """Raises BlueprintDiffers, ReplicaLagging, CopyDiffers, and the refusals of
    `rules.tenant_must_be_movable_online`; after each of them the tenant is unchanged."""
    rules.tenant_must_be_movable_online(tenant, to)
    with (
        restoring.transfer_lock(tenant.info),
        importing.as_owner(tenant.database) as source,
        importing.as_owner(to) as target,
    ):
        return _Move(tenant, to, source, target).run()


class _Move:
    def __init__(self, tenant: Tenant, to: str, source: Any, target: Any) -> None:
        self.tenant, self.to, self.source, self.target = tenant, to, source, target
        self.schema, self.name = tenant.schema_name, f"move_{tenant.pk}"
        self.tables = catalogue.tables(source, self.schema)
        self.mover = rules.replication_must_be_configured(tenant.database)
        self.role = ""

    def run(self) -> Moved:
        began, before = time.monotonic(), self.tenant.database
        self._delete_earlier_attempt()
        try:
            triggers = self._copy()
            level = time.monotonic()
            with self._write_window():
                rows = self._drain(triggers)
                self._switch()
            closed = time.monotonic() - level
        except BaseException:
            self._delete_earlier_attempt()
            raise
        return Moved(self.tenant, before, self.to, rows, level - began, closed)

    # Copy

    def _copy(self) -> Sequence[str]:
        """Returns the statements that create the triggers. They run last, since replicated rows must not fire them."""
        halves = blueprint.halves(self._ddl())
        with transaction.atomic(using=databases.at("owner", self.to)):
            plain = self.target.cursor
            plain.execute("SET LOCAL check_function_bodies = off")
            plain.execute("\n".join(halves.before))
            self.target.execute("SELECT tenancy_make_role(%s, %s)", [self.tenant.pk, self.schema])
            (self.role,) = self.target.fetchone()
        self._execute(self.source, "CREATE PUBLICATION {name} FOR TABLE {tables}")
        self._execute(self.target, "CREATE SUBSCRIPTION {name} CONNECTION {mover} PUBLICATION {name}")
        self._wait_until(self._is_copied, COPY_TIMEOUT_S, "the copy")
        for statement in halves.after:
            if not statement.startswith(_TRIGGER):
                self.target.cursor.execute(statement)
        return [statement for statement in halves.after if statement.startswith(_TRIGGER)]

    def _ddl(self) -> str:
        self.target.execute("SELECT ddl, fingerprint FROM public.tenancy_blueprint")
        ddl, fingerprint = self.target.fetchone()
        if fingerprint != self.tenant.fingerprint:
            raise BlueprintDiffers(name=self.tenant.name, database=self.to)
        return str(ddl).replace(PLACEHOLDER, self.schema)

    def _is_copied(self) -> bool:
        self.target.execute(
            "SELECT count(*), count(*) FILTER (WHERE srsubstate <> 'r') FROM pg_subscription_rel"
            " JOIN pg_subscription AS subscription ON subscription.oid = srsubid"
            " JOIN pg_database AS here ON here.oid = subdbid"
            " WHERE subname = %s AND datname = current_database()",
            [self.name],
        )
        known, behind = self.target.fetchone()
        return bool(known == len(self.tables) and not behind)

    # Window

    @contextmanager
    def _write_window(self) -> Iterator[None]:
        """Set the mode to read-only, wait for pending events, then revoke the role's rights: the database refuses
        writes of processes that still have the old mode in their cache."""
        mode = self.tenant.mode
        self._set_mode(Tenant.Mode.READ_ONLY)
        rights = self._rights()
        try:
            self._wait_until(
                lambda: not outbox.count_due(self.source, self.tenant.pk), WINDOW_TIMEOUT_S, "events"
            )
            self._change_rights("REVOKE", "FROM", rights)
            self._wait_for_writers()
            yield
        except BaseException:
            self._change_rights("GRANT", "TO", rights)
            self._set_mode(mode)
            raise
        self._set_mode(mode)

    def _rights(self) -> list[tuple[str, str]]:
        self.source.execute(
            "SELECT relname::text, privilege_type FROM pg_class, aclexplode(relacl)"
            " WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND grantee = 'bursar_tables'::regrole"
            " AND privilege_type IN ('INSERT', 'UPDATE', 'DELETE')",
            [self.schema],
        )
        return list(self.source.fetchall())

    def _change_rights(self, verb: str, word: str, rights: Sequence[tuple[str, str]]) -> None:
        for table, right in rights:
            self.source.execute(
                sql.SQL("{} {} ON {} {} bursar_tables").format(
                    sql.SQL(verb), sql.SQL(right), sql.Identifier(self.schema, table), sql.SQL(word)
                )
            )

    def _wait_for_writers(self) -> None:
        with transaction.atomic(using=databases.at("owner", self.tenant.database)):
            self.source.execute(f"SET LOCAL lock_timeout = '{WINDOW_TIMEOUT_S:.0f}s'")
            self._execute(self.source, "LOCK TABLE {tables} IN SHARE MODE")

    def _drain(self, triggers: Sequence[str]) -> int:
        """Returns the number of rows."""
        # A flushed message: all records before it in the log will be replicated.
        self.source.execute("SET synchronous_commit = on")
        self.source.execute("SELECT pg_logical_emit_message(true, 'bursar', 'level')")
        self.source.execute("SELECT pg_current_wal_flush_lsn()")
        (level,) = self.source.fetchone()
        self._wait_until(lambda: self._has_replicated_to(level), WINDOW_TIMEOUT_S, "the last changes")
        rows = self._compare()
        self._execute(self.target, "DROP SUBSCRIPTION {name}")
        for name, last in catalogue.sequences(self.tenant.info).items():
            if last is not None:
                self.target.execute("SELECT setval(%s::regclass, %s)", [f'{self.schema}."{name}"', last])
        importing.advance_xid(self.target, self._renumber_positions())
        for statement in triggers:
            self.target.cursor.execute(statement)
        return rows

    def _has_replicated_to(self, level: str) -> bool:
        self.source.execute(
            "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s",
            [level, self.name],
        )
        row = self.source.fetchone()
        return bool(row and row[0])

    def _compare(self) -> int:
        here, there = (self._checksums(cursor) for cursor in (self.source, self.target))
        if wrong := sorted(name for name in here if here[name] != there[name]):
            raise CopyDiffers(name=self.tenant.name, tables=", ".join(wrong))
        return sum(rows for rows, _ in here.values())

    def _checksums(self, cursor: Any) -> dict[str, tuple[int, Any]]:
        """The number of rows and an order-independent checksum, by table."""
        checksums = {}
        for table in self.tables:
            cursor.execute(
                sql.SQL(
                    "SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)"
                    " FROM {} AS t"
                ).format(sql.Identifier(self.schema, table.name))
            )
            checksums[table.name] = cursor.fetchone()
        return checksums

    def _renumber_positions(self) -> int:
        """Replace transaction ids, which are valid in one database only, by their rank. Returns their number."""
        columns = [
            (table.name, column.name) for table in self.tables for column in table.columns if column.is_xid
        ]
        if not columns:
            return 0
        positions_of_all = sql.SQL(" UNION ").join(
            sql.SQL("SELECT {} AS position FROM {}").format(
                sql.Identifier(column), sql.Identifier(self.schema, table)
            )
            for table, column in columns
        )
        with transaction.atomic(using=databases.at("owner", self.to)):
            self.target.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE positions ON COMMIT DROP AS"
                    " SELECT position, (rank() OVER (ORDER BY position))::text::xid8 AS rank"
                    " FROM ({}) AS positions_of_all WHERE position <> '0'"
                ).format(positions_of_all)
            )
            for table, column in columns:
                self.target.execute(
                    sql.SQL(
                        "UPDATE {table} SET {column} = rank FROM positions WHERE {column} = position"
                    ).format(table=sql.Identifier(self.schema, table), column=sql.Identifier(column))
                )
            self.target.execute("SELECT count(*) FROM positions")
            return int(self.target.fetchone()[0])

    # Switch

    def _switch(self) -> None:
        before, old_role = self.tenant.database, self.tenant.role_name
        outbox.insert(outbox.undelivered(self.source, self.tenant.pk), self.to)
        with transaction.atomic():
            self.tenant.refresh_from_db(from_queryset=Tenant.objects.select_for_update())
            self.tenant.database, self.tenant.role_name = self.to, self.role
            self.tenant.epoch += 1
            self.tenant.save(update_fields=["database", "role_name", "epoch"])
        directory.changed()
        tenant_mirror.update(self.tenant)
        outbox.remove(self.tenant.pk, before)
        self._execute(self.source, "DROP PUBLICATION {name}")
        source = Tenant(pk=self.tenant.pk, schema_name=self.schema, role_name=old_role, database=before)
        restoring.set_aside(self.source, source, "moved")
        tenant_mirror.delete(source)

    def _set_mode(self, mode: str) -> None:
        self.tenant.mode = mode
        self.tenant.save(update_fields=["mode"])
        directory.changed()

    # Clean-up

    def _delete_earlier_attempt(self) -> None:
        self.target.execute(_OWN_SUBSCRIPTION, [self.name])
        if self.target.fetchone() is not None:
            self._execute(self.target, "DROP SUBSCRIPTION {name}")
        self._execute(self.source, "DROP PUBLICATION IF EXISTS {name}")
        if self.tenant.database != self.to:
            self._execute(self.target, "DROP SCHEMA IF EXISTS {schema} CASCADE")

    def _execute(self, cursor: Any, statement: str) -> None:
        tables = sql.SQL(", ").join(sql.Identifier(self.schema, table.name) for table in self.tables)
        cursor.execute(
            sql.SQL(statement).format(
                name=sql.Identifier(self.name),
                schema=sql.Identifier(self.schema),
                tables=tables,
                mover=sql.Literal(self.mover),
            )
        )

    def _wait_until(self, condition: Any, timeout_s: float, awaited: str) -> None:
        ends_at = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > ends_at:
                raise ReplicaLagging(name=self.tenant.name, waiting=awaited)
            time.sleep(POLL_INTERVAL_S)
