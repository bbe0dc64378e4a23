"""A tenant goes to another database while it is at work: PostgreSQL copies and follows, doors close for a moment.

Offline is the rule: it is simpler, and verified part by part (`apps.tenancy.transfer`). This is for a tenant too big to
pause. The source needs `wal_level = logical` and a role with REPLICATION, whose address is in DATABASE_MOVERS.

    copy      tables without constraints, every row, then what is written meanwhile; then indexes and keys
    window    nobody writes: doors say read-only, and the tenant's role loses its rights to write at the source
    switch    the rest is drained, sequences set, rows compared; then the directory says where it is
    behind    the source is set aside under another name, where nobody may use it

What fails before the switch is taken back, and the tenant is where it was.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from psycopg import sql

from apps.kernel import databases
from apps.tenancy import directory, rules
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import blueprint, catalogue, importing, outbox, restoring
from apps.tenancy.transfer.errors import OwnerIsAbsent

from . import lodgers
from .errors import BlueprintDiffers, CannotFollow, CopyDiffers, DoesNotComeLevel, LiesThereAlready

PLACEHOLDER = "bursar_template"
COPY_PATIENCE, WINDOW_PATIENCE = 3600.0, 15.0
"""Seconds: for the copy, and for what must come to an end while nobody may write."""
LOOK_AGAIN = 0.01
_OURS = """
SELECT pg_subscription.oid FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid
WHERE subname = %s AND datname = current_database()
"""
"""Subscriptions of all databases of a server stand in one list."""
_TRIGGER = ("CREATE TRIGGER", "CREATE CONSTRAINT TRIGGER")


@dataclass(frozen=True)
class Moved:
    """Who, where to, and what it took, in seconds: until the copy was level, and for how long nobody could write."""

    subject: Tenant
    before: str
    after: str
    rows: int
    copied: float
    read_only: float

    def __str__(self) -> str:
        """As the audit log says it."""
        return (
            f"{self.subject} from the database {self.before} to {self.after} while it was at work: {self.rows:,} rows;"
            f" nobody could write for {self.read_only:.2f} s"
        )


def must_be_movable(tenant: Tenant, to: str) -> None:
    """Raises TenantIsPinned, DatabaseUnknown, LiesThereAlready, OwnerIsAbsent and CannotFollow."""
    rules.tenant_may_be_moved(tenant, to)
    if tenant.database == to:
        raise LiesThereAlready(name=tenant.name, database=to)
    for key in (tenant.database, to):
        if key not in importing.owned():
            raise OwnerIsAbsent(database=key)
    _mover(tenant.database)


def move_online(tenant: Tenant, to: str) -> Moved:
    """Of a tenant that must_be_movable. Raises BlueprintDiffers, DoesNotComeLevel and CopyDiffers; after each of them
    the tenant is where it was."""
    must_be_movable(tenant, to)
    with (
        restoring.transfer_lock(tenant.info),
        importing.as_owner(tenant.database) as source,
        importing.as_owner(to) as target,
    ):
        return _Move(tenant, to, source, target).done()


class _Move:
    def __init__(self, tenant: Tenant, to: str, source: Any, target: Any) -> None:
        self.tenant, self.to, self.source, self.target = tenant, to, source, target
        self.schema, self.name = tenant.schema_name, f"move_{tenant.pk}"
        self.tables = catalogue.tables(source, self.schema)
        self.mover = _mover(tenant.database)
        self.role = ""

    def done(self) -> Moved:
        began, before = time.monotonic(), self.tenant.database
        self._forget_earlier_try()
        try:
            triggers = self._copy()
            level = time.monotonic()
            with self._nobody_writes():
                rows = self._bring_the_rest(triggers)
                self._switch()
            closed = time.monotonic() - level
        except BaseException:
            self._forget_earlier_try()
            raise
        return Moved(self.tenant, before, self.to, rows, level - began, closed)

    # Copy

    def _copy(self) -> Sequence[str]:
        """Returns the statements that make the triggers: they are for what people do, and wait for the end."""
        halves = blueprint.halves(self._ddl())
        with transaction.atomic(using=databases.at("owner", self.to)):
            plain = self.target.cursor
            plain.execute("SET LOCAL check_function_bodies = off")
            plain.execute("\n".join(halves.before))
            self.target.execute("SELECT tenancy_make_role(%s, %s)", [self.tenant.pk, self.schema])
            (self.role,) = self.target.fetchone()
        self._say(self.source, "CREATE PUBLICATION {name} FOR TABLE {tables}")
        self._say(self.target, "CREATE SUBSCRIPTION {name} CONNECTION {mover} PUBLICATION {name}")
        self._until(self._is_copied, COPY_PATIENCE, "the copy")
        for statement in halves.after:
            if not statement.startswith(_TRIGGER):
                self.target.cursor.execute(statement)
        return [each for each in halves.after if each.startswith(_TRIGGER)]

    def _ddl(self) -> str:
        self.target.execute("SELECT ddl, fingerprint FROM public.tenancy_blueprint")
        ddl, fingerprint = self.target.fetchone()
        if fingerprint != self.tenant.fingerprint:
            raise BlueprintDiffers(name=self.tenant.name, database=self.to)
        return str(ddl).replace(PLACEHOLDER, self.schema)

    def _is_copied(self) -> bool:
        self.target.execute(
            "SELECT count(*), count(*) FILTER (WHERE srsubstate <> 'r') FROM pg_subscription_rel"
            " JOIN pg_subscription AS ours ON ours.oid = srsubid JOIN pg_database AS here ON here.oid = subdbid"
            " WHERE subname = %s AND datname = current_database()",
            [self.name],
        )
        known, behind = self.target.fetchone()
        return bool(known == len(self.tables) and not behind)

    # Window

    @contextmanager
    def _nobody_writes(self) -> Iterator[None]:
        """Doors refuse first. Then what is on its way is told, and then the role may no more: whoever did not hear of
        it yet is refused by the database."""
        mode = self.tenant.mode
        self._set_mode(Tenant.Mode.READ_ONLY)
        rights = self._rights()
        try:
            self._until(lambda: not outbox.count_due(self.source, self.tenant.pk), WINDOW_PATIENCE, "events")
            self._may("REVOKE", "FROM", rights)
            self._wait_for_writers()
            yield
        except BaseException:
            self._may("GRANT", "TO", rights)
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

    def _may(self, verb: str, word: str, rights: Sequence[tuple[str, str]]) -> None:
        for table, right in rights:
            self.source.execute(
                sql.SQL("{} {} ON {} {} bursar_tables").format(
                    sql.SQL(verb), sql.SQL(right), sql.Identifier(self.schema, table), sql.SQL(word)
                )
            )

    def _wait_for_writers(self) -> None:
        with transaction.atomic(using=databases.at("owner", self.tenant.database)):
            self.source.execute(f"SET LOCAL lock_timeout = '{WINDOW_PATIENCE:.0f}s'")
            self._say(self.source, "LOCK TABLE {tables} IN SHARE MODE")

    def _bring_the_rest(self, triggers: Sequence[str]) -> int:
        """Returns how many rows there are."""
        # A message that is on the disk: what stands before it in the log is on its way.
        self.source.execute("SET synchronous_commit = on")
        self.source.execute("SELECT pg_logical_emit_message(true, 'bursar', 'level')")
        self.source.execute("SELECT pg_current_wal_flush_lsn()")
        (level,) = self.source.fetchone()
        self._until(lambda: self._has_come_to(level), WINDOW_PATIENCE, "the last changes")
        rows = self._compare()
        self._say(self.target, "DROP SUBSCRIPTION {name}")
        for name, last in catalogue.sequences(self.tenant.info).items():
            if last is not None:
                self.target.execute("SELECT setval(%s::regclass, %s)", [f'{self.schema}."{name}"', last])
        importing.advance_xid(self.target, self._renumber_places())
        for statement in triggers:
            self.target.cursor.execute(statement)
        return rows

    def _has_come_to(self, level: str) -> bool:
        self.source.execute(
            "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s",
            [level, self.name],
        )
        found = self.source.fetchone()
        return bool(found and found[0])

    def _compare(self) -> int:
        here, there = (self._sums(cursor) for cursor in (self.source, self.target))
        if wrong := sorted(name for name in here if here[name] != there[name]):
            raise CopyDiffers(name=self.tenant.name, tables=", ".join(wrong))
        return sum(rows for rows, _ in here.values())

    def _sums(self, cursor: Any) -> dict[str, tuple[int, Any]]:
        """Rows and a number that does not depend on their order, by table."""
        found = {}
        for table in self.tables:
            cursor.execute(
                sql.SQL(
                    "SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)"
                    " FROM {} AS t"
                ).format(sql.Identifier(self.schema, table.name))
            )
            found[table.name] = cursor.fetchone()
        return found

    def _renumber_places(self) -> int:
        """Transaction ids mean something in one database only: what is kept is their order. Returns how many."""
        columns = [
            (table.name, column.name) for table in self.tables for column in table.columns if column.is_xid
        ]
        if not columns:
            return 0
        all_of_them = sql.SQL(" UNION ").join(
            sql.SQL("SELECT {} AS place FROM {}").format(
                sql.Identifier(column), sql.Identifier(self.schema, table)
            )
            for table, column in columns
        )
        with transaction.atomic(using=databases.at("owner", self.to)):
            self.target.execute(
                sql.SQL(
                    "CREATE TEMPORARY TABLE places ON COMMIT DROP AS"
                    " SELECT place, (rank() OVER (ORDER BY place))::text::xid8 AS turn FROM ({}) AS all_of_them"
                    " WHERE place <> '0'"
                ).format(all_of_them)
            )
            for table, column in columns:
                self.target.execute(
                    sql.SQL("UPDATE {table} SET {column} = turn FROM places WHERE {column} = place").format(
                        table=sql.Identifier(self.schema, table), column=sql.Identifier(column)
                    )
                )
            self.target.execute("SELECT count(*) FROM places")
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
        lodgers.note(self.tenant)
        outbox.remove(self.tenant.pk, before)
        self._say(self.source, "DROP PUBLICATION {name}")
        gone = Tenant(pk=self.tenant.pk, schema_name=self.schema, role_name=old_role, database=before)
        restoring.set_aside(self.source, gone, "moved")
        lodgers.forget(gone)

    def _set_mode(self, mode: str) -> None:
        self.tenant.mode = mode
        self.tenant.save(update_fields=["mode"])
        directory.changed()

    # Behind

    def _forget_earlier_try(self) -> None:
        self.target.execute(_OURS, [self.name])
        if self.target.fetchone() is not None:
            self._say(self.target, "DROP SUBSCRIPTION {name}")
        self._say(self.source, "DROP PUBLICATION IF EXISTS {name}")
        if self.tenant.database != self.to:
            self._say(self.target, "DROP SCHEMA IF EXISTS {schema} CASCADE")

    def _say(self, cursor: Any, statement: str) -> None:
        tables = sql.SQL(", ").join(sql.Identifier(self.schema, table.name) for table in self.tables)
        cursor.execute(
            sql.SQL(statement).format(
                name=sql.Identifier(self.name),
                schema=sql.Identifier(self.schema),
                tables=tables,
                mover=sql.Literal(self.mover),
            )
        )

    def _until(self, true: Any, seconds: float, what: str) -> None:
        ends_at = time.monotonic() + seconds
        while not true():
            if time.monotonic() > ends_at:
                raise DoesNotComeLevel(name=self.tenant.name, waiting=what)
            time.sleep(LOOK_AGAIN)


def _mover(key: str) -> str:
    """Raises CannotFollow."""
    url: str | None = settings.DATABASE_MOVERS.get(key)
    if url is None:
        raise CannotFollow(database=key)
    return url
