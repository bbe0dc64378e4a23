"""The steps of a plan in one schema: with patience for locks, and with none for a schema that is not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import Error as DatabaseError
from django.db import ProgrammingError, connections, transaction
from django.db.migrations import Migration, RunSQL
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

from apps.kernel import databases
from apps.tenancy import numbering
from apps.tenancy.provisioning import TEMPLATE

from . import noting
from .outcome import Outcome
from .planning import Act, Step, rows_of
from .surveying import Kind, Schema, fingerprint

LOCKED_OUT = frozenset({"55P03", "40P01"})
"""SQLSTATEs of a lock that was not to be had in time, and of a deadlock."""
NOT_THERE = frozenset({"42P01", "3F000"})
"""Of a table and of a schema."""


@dataclass(frozen=True, slots=True)
class Patience:
    """lock_timeout  milliseconds that a statement waits for a lock: meanwhile, everybody waits behind it
    tries         how often, each after a pause twice as long as the one before
    """

    lock_timeout: int = 3000
    tries: int = 6
    first_pause: float = 0.1


class Gone(Exception):
    """The schema is not there any more: a spare that was claimed, a tenant that was erased."""


def apply(
    schema: Schema, steps: Sequence[Step], taken_as_done: Sequence[tuple[str, str]], patience: Patience
) -> Outcome:
    """All steps, each committed; with the last one the schema's numbers. Raises nothing that the schema is to blame
    for."""
    work = _Work(schema, taken_as_done, patience)
    try:
        with schema.opened() as work.connection:
            work.do_all(steps)
    except Gone:
        return Outcome(schema)
    except Exception as error:
        _let_go(connections[databases.at("owner", schema.database)])
        return Outcome(
            schema, work.applied, work.at, work.acts_done, f"{type(error).__name__}: {error}".strip()
        )
    return Outcome(schema, work.applied, work.at, fingerprint=work.found)


class _Work:
    """In one schema, over one connection. What it is at, and what came of it so far, is in its attributes."""

    connection: Any

    def __init__(self, schema: Schema, taken_as_done: Sequence[tuple[str, str]], patience: Patience) -> None:
        self.schema, self.taken_as_done, self.patience = schema, taken_as_done, patience
        self.applied: list[str] = []
        self.at, self.acts_done, self.found = "", 0, ""

    def do_all(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.at, self.acts_done = step.label, 0
            if step.migration.atomic:
                self._again_and_again(partial(self._do_at_once, step, is_last=step is steps[-1]))
            else:
                self._do_one_by_one(step)
            self.applied.append(step.label)
        if not self.found:
            self._again_and_again(self._finish_alone)

    def _do_at_once(self, step: Step, *, is_last: bool) -> None:
        with self.connection.schema_editor(atomic=True) as editor:
            self._hold()
            for act in step.acts:
                _forwards(act, step.migration, editor)
            self._record(rows_of(step.migration))
            if is_last:
                self._finish()

    def _finish(self) -> None:
        """Record what needs no work, number, and see what the schema has now."""
        self._record(self.taken_as_done)
        numbering.copy(TEMPLATE.schema, using=self.connection.alias)
        self.found = fingerprint(self.connection)

    def _finish_alone(self) -> None:
        with transaction.atomic(using=self.connection.alias):
            self._hold()
            self._finish()

    def _do_one_by_one(self, step: Step) -> None:
        """A migration that is not atomic goes on behind the operation that was done last, also in another run."""
        self.acts_done = noting.acts_done(self.schema, step.label)
        for act in step.acts[self.acts_done :]:
            self._again_and_again(partial(self._do_alone, act, step.migration))
            self.acts_done += 1
            noting.under_way(self.schema, step.label, self.acts_done)
        with transaction.atomic(using=self.connection.alias):
            self._hold()
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

    def _hold(self) -> None:
        """Until the transaction ends, keep the schema from being dropped, claimed or migrated by another. Without it
        the search path would lead to the platform's tables. Raises Gone."""
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(
                    sql.SQL(_HOLD).format(
                        sql.Literal(f"{self.patience.lock_timeout}ms"), sql.Identifier(self.schema.name)
                    )
                )
            except ProgrammingError as error:
                raise (Gone if _sqlstate(error) in NOT_THERE else error) from error
            if self.schema.kind is Kind.SPARE:
                cursor.execute("SELECT FROM public.tenancy_spare WHERE id = %s FOR UPDATE", [self.schema.id])
                if not cursor.rowcount:
                    raise Gone

    @contextmanager
    def _there(self, lock_timeout: str) -> Iterator[None]:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT current_schema() = %s", [self.schema.name])
            if not cursor.fetchone()[0]:
                raise Gone
            cursor.execute(f"SET lock_timeout = '{lock_timeout}'")
        try:
            yield
        finally:
            with self.connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    def _again_and_again(self, work: Callable[[], None]) -> None:
        for turn in range(self.patience.tries - 1):
            try:
                work()
            except DatabaseError as error:
                if _sqlstate(error) not in LOCKED_OUT:
                    raise
                time.sleep(self.patience.first_pause * 2**turn)
            else:
                return
        work()

    def _record(self, rows: Sequence[tuple[str, str]]) -> None:
        if not rows:
            return
        recorder = MigrationRecorder(self.connection)
        recorder.migration_qs.bulk_create([recorder.Migration(app=app, name=name) for app, name in rows])


def wait_for_the_disk(keys: Iterable[str]) -> None:
    """Until what was committed in these databases is safe."""
    for key in keys:
        with connections[databases.at("owner", key)].cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(true, 'bursar', 'migrated')")


def _forwards(act: Act, migration: Migration, editor: Any) -> None:
    act.operation.database_forwards(migration.app_label, editor, act.before, act.after)


def _sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


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


_HOLD = """
SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off;
LOCK TABLE {}.django_migrations IN SHARE ROW EXCLUSIVE MODE
"""
"""Nobody waits for the disk in each schema: what a server that falls has lost is found missing by the next run. At the
end there is one wait for all."""

_BROKEN = """
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON indexrelid = pg_class.oid
WHERE NOT indisvalid AND relnamespace = to_regnamespace(%s)
"""
