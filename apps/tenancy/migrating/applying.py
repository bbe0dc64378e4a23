"""The steps of a plan in one schema: with patience for locks, and with none for a schema that is not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import Error as DatabaseError
from django.db import connections, transaction
from django.db.migrations import Migration, RunSQL
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from apps.kernel import databases
from apps.tenancy import numbering

from . import noting
from .planning import Act, Step, rows_of
from .surveying import Kind, Schema, fingerprint

LOCKED_OUT = frozenset({"55P03", "40P01"})
"""SQLSTATEs of a lock that was not to be had in time, and of a deadlock."""


@dataclass(frozen=True, slots=True)
class Patience:
    """lock_timeout  milliseconds that a statement waits for a lock: meanwhile, everybody waits behind it
    tries         how often, each after a pause twice as long as the one before
    """

    lock_timeout: int = 3000
    tries: int = 6
    first_pause: float = 0.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one schema. `migration` is the one that failed."""

    schema: Schema
    applied: list[str] = field(default_factory=list)
    migration: str = ""
    error: str = ""
    gone: bool = False
    seconds: float = 0.0


class Gone(Exception):
    """The schema is not there any more: a spare that was claimed, a tenant that was erased."""


def apply(
    schema: Schema, steps: Sequence[Step], taken_as_done: Sequence[tuple[str, str]], patience: Patience
) -> Outcome:
    """All steps, each committed; then the schema's numbers, and what the directory knows of it. Raises nothing that
    the schema is to blame for."""
    began = time.perf_counter()
    work = _Work(schema, patience)
    try:
        with schema.opened() as work.connection:
            for step in steps:
                work.do(step)
            found = work.finish(taken_as_done)
        noting.done(schema, found, work.at)
    except Gone:
        return Outcome(schema, gone=True)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".strip()
        _let_go(connections[databases.at("owner", schema.database)])
        noting.failed(schema, work.at, work.acts_done, said)
        return Outcome(schema, work.applied, work.at, said, seconds=time.perf_counter() - began)
    return Outcome(schema, work.applied, seconds=time.perf_counter() - began)


class _Work:
    """In one schema, over one connection.

    at         the migration in hand
    acts_done  of a migration that is not atomic: how many of its operations are committed
    """

    connection: Any

    def __init__(self, schema: Schema, patience: Patience) -> None:
        self.schema, self.patience = schema, patience
        self.applied: list[str] = []
        self.at, self.acts_done = "", 0

    def do(self, step: Step) -> None:
        self.at, self.acts_done = step.label, 0
        if step.migration.atomic:
            self._again_and_again(partial(self._do_at_once, step))
        else:
            self._do_one_by_one(step)
        self.applied.append(step.label)

    def finish(self, taken_as_done: Sequence[tuple[str, str]]) -> str:
        """Record, number, and say what the schema has now."""
        with self._held():
            self._record(taken_as_done)
            numbering.apply(using=self.connection.alias)
            return fingerprint(self.connection)

    def _do_at_once(self, step: Step) -> None:
        with self._held(), self.connection.schema_editor(atomic=True) as editor:
            for act in step.acts:
                _forwards(act, step.migration, editor)
            self._record(rows_of(step.migration))

    def _do_one_by_one(self, step: Step) -> None:
        """A migration that is not atomic goes on behind the operation that was done last, also in another run."""
        self.acts_done = noting.acts_done(self.schema, step.label)
        for act in step.acts[self.acts_done :]:
            self._again_and_again(partial(self._do_alone, act, step.migration))
            self.acts_done += 1
            noting.under_way(self.schema, step.label, self.acts_done)
        with self._held():
            self._record(rows_of(step.migration))

    def _do_alone(self, act: Act, migration: Migration) -> None:
        """CONCURRENTLY waits for old transactions and nobody behind it, so its patience has no end."""
        at_leisure = isinstance(act.operation, NotInTransactionMixin | RunSQL)
        with self._there("0" if at_leisure else f"{self.patience.lock_timeout}ms"):
            _drop_broken_indexes(self.connection, self.schema.name)
            with self.connection.schema_editor(atomic=False) as editor, self._own_transaction(act):
                _forwards(act, migration, editor)

    def _own_transaction(self, act: Act) -> AbstractContextManager[Any]:
        return transaction.atomic(using=self.connection.alias) if act.operation.atomic else nullcontext()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """In a transaction, with the schema kept from being dropped, renamed or migrated by another. Without it the
        search path would lead to the platform's tables. Raises Gone."""
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{self.patience.lock_timeout}ms'")
            if self.schema.kind is Kind.SPARE:
                cursor.execute("SELECT FROM public.tenancy_spare WHERE id = %s FOR UPDATE", [self.schema.id])
                if not cursor.rowcount:
                    raise Gone
            self._must_be_there(cursor)
            cursor.execute(self._named("LOCK TABLE {}.django_migrations IN SHARE ROW EXCLUSIVE MODE"))
            yield

    @contextmanager
    def _there(self, lock_timeout: str) -> Iterator[None]:
        with self.connection.cursor() as cursor:
            self._must_be_there(cursor)
            cursor.execute(f"SET lock_timeout = '{lock_timeout}'")
        try:
            yield
        finally:
            with self.connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    def _must_be_there(self, cursor: Any) -> None:
        cursor.execute("SELECT current_schema() = %s", [self.schema.name])
        if not cursor.fetchone()[0]:
            raise Gone

    def _again_and_again(self, work: Callable[[], None]) -> None:
        for turn in range(self.patience.tries - 1):
            try:
                work()
            except DatabaseError as error:
                if getattr(error.__cause__, "sqlstate", None) not in LOCKED_OUT:
                    raise
                time.sleep(self.patience.first_pause * 2**turn)
            else:
                return
        work()

    def _record(self, rows: Sequence[tuple[str, str]]) -> None:
        recorder = MigrationRecorder(self.connection)
        recorder.migration_qs.bulk_create([recorder.Migration(app=app, name=name) for app, name in rows])

    def _named(self, statement: str) -> sql.Composed:
        return sql.SQL(statement).format(sql.Identifier(self.schema.name))


def _forwards(act: Act, migration: Migration, editor: Any) -> None:
    act.operation.database_forwards(migration.app_label, editor, act.before, act.after)


def _let_go(connection: Any) -> None:
    """Of a connection that was lost; the next schema gets another."""
    if connection.connection is not None and not connection.is_usable():
        connection.close()


def _drop_broken_indexes(connection: Any, schema: str) -> None:
    """What CREATE INDEX CONCURRENTLY leaves when it is interrupted, and nobody uses."""
    with connection.cursor() as cursor:
        cursor.execute(_BROKEN, [schema])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")


_BROKEN = """
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON indexrelid = pg_class.oid
WHERE NOT indisvalid AND relnamespace = to_regnamespace(%s)
"""
