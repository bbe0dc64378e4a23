"""Applies the steps of a plan to one schema. Locks are retried; a schema that is gone is skipped."""

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

from apps.kernel.db import databases
from apps.tenancy import numbering
from apps.tenancy.provisioning import TEMPLATE

from . import state
from .discovery import Kind, Schema, fingerprint_of
from .outcome import Outcome
from .planning import PlannedOperation, Step, rows_of

LOCK_ERRORS = frozenset({"55P03", "40P01"})
"""SQLSTATEs of a lock timeout and of a deadlock."""
MISSING_ERRORS = frozenset({"42P01", "3F000"})
"""SQLSTATEs of a missing table and a missing schema."""


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """lock_timeout_ms  maximum wait of a statement for a lock; all other sessions queue behind it
    attempts         including the first; each pause is twice as long as the one before
    """

    lock_timeout_ms: int = 3000
    attempts: int = 6
    first_pause_s: float = 0.1


class SchemaGone(Exception):
    """The schema no longer exists: a claimed spare, or an erased tenant."""


def apply(
    schema: Schema, steps: Sequence[Step], recorded_only: Sequence[tuple[str, str]], lock_policy: LockPolicy
) -> Outcome:
    """Run all steps, each in its own transaction, and number the schema's ids in the last one. An error of this schema
    is in the outcome, not raised."""
    work = _SchemaWork(schema, recorded_only, lock_policy)
    try:
        with schema.opened() as work.connection:
            work.run(steps)
    except SchemaGone:
        return Outcome(schema)
    except Exception as error:
        _close_if_lost(connections[databases.at("owner", schema.database)])
        return Outcome(
            schema, work.applied, work.at, work.operation_count, f"{type(error).__name__}: {error}".strip()
        )
    return Outcome(schema, work.applied, work.at, fingerprint=work.fingerprint)


class _SchemaWork:
    """The work in one schema over one connection. Its attributes hold the current step and the result so far."""

    connection: Any

    def __init__(
        self, schema: Schema, recorded_only: Sequence[tuple[str, str]], lock_policy: LockPolicy
    ) -> None:
        self.schema, self.recorded_only, self.lock_policy = schema, recorded_only, lock_policy
        self.applied: list[str] = []
        self.at, self.operation_count, self.fingerprint = "", 0, ""

    def run(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.at, self.operation_count = step.label, 0
            if step.migration.atomic:
                self._retry(partial(self._run_atomic, step, is_last=step is steps[-1]))
            else:
                self._run_non_atomic(step)
            self.applied.append(step.label)
        if not self.fingerprint:
            self._retry(self._finish_in_transaction)

    def _run_atomic(self, step: Step, *, is_last: bool) -> None:
        with self.connection.schema_editor(atomic=True) as editor:
            self._lock_schema()
            for operation in step.operations:
                _apply_operation(operation, step.migration, editor)
            self._record(rows_of(step.migration))
            if is_last:
                self._finish()

    def _finish(self) -> None:
        """Record the squashed migrations, number the ids, and read the new fingerprint."""
        self._record(self.recorded_only)
        numbering.copy(TEMPLATE.schema, using=self.connection.alias)
        self.fingerprint = fingerprint_of(self.connection)

    def _finish_in_transaction(self) -> None:
        with transaction.atomic(using=self.connection.alias):
            self._lock_schema()
            self._finish()

    def _run_non_atomic(self, step: Step) -> None:
        """A non-atomic migration resumes after its last committed operation, also in another run."""
        self.operation_count = state.operation_count(self.schema, step.label)
        for operation in step.operations[self.operation_count :]:
            self._retry(partial(self._run_operation, operation, step.migration))
            self.operation_count += 1
            state.mark_progress(self.schema, step.label, self.operation_count)
        with transaction.atomic(using=self.connection.alias):
            self._lock_schema()
            self._record(rows_of(step.migration))

    def _run_operation(self, planned: PlannedOperation, migration: Migration) -> None:
        """CONCURRENTLY waits for old transactions and blocks no other session, so it has no lock timeout."""
        is_concurrent = isinstance(planned.operation, NotInTransactionMixin | RunSQL)
        with self._in_schema("0" if is_concurrent else f"{self.lock_policy.lock_timeout_ms}ms"):
            _drop_invalid_indexes(self.connection, self.schema.name)
            with self.connection.schema_editor(atomic=False) as editor, self._own_transaction(planned):
                _apply_operation(planned, migration, editor)

    def _own_transaction(self, planned: PlannedOperation) -> AbstractContextManager[Any]:
        return transaction.atomic(using=self.connection.alias) if planned.operation.atomic else nullcontext()

    def _lock_schema(self) -> None:
        """Lock the schema against being dropped, claimed or migrated until the transaction ends; without the schema,
        the search path would lead to the platform's tables. Raises SchemaGone."""
        with self.connection.cursor() as cursor:
            try:
                cursor.execute(
                    sql.SQL(_LOCK_SCHEMA).format(
                        sql.Literal(f"{self.lock_policy.lock_timeout_ms}ms"), sql.Identifier(self.schema.name)
                    )
                )
            except ProgrammingError as error:
                raise (SchemaGone if _sqlstate(error) in MISSING_ERRORS else error) from error
            if self.schema.kind is Kind.SPARE:
                cursor.execute("SELECT FROM public.tenancy_spare WHERE id = %s FOR UPDATE", [self.schema.id])
                if not cursor.rowcount:
                    raise SchemaGone

    @contextmanager
    def _in_schema(self, lock_timeout: str) -> Iterator[None]:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT current_schema() = %s", [self.schema.name])
            if not cursor.fetchone()[0]:
                raise SchemaGone
            cursor.execute(f"SET lock_timeout = '{lock_timeout}'")
        try:
            yield
        finally:
            with self.connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")

    def _retry(self, work: Callable[[], None]) -> None:
        for attempt in range(self.lock_policy.attempts - 1):
            try:
                work()
            except DatabaseError as error:
                if _sqlstate(error) not in LOCK_ERRORS:
                    raise
                time.sleep(self.lock_policy.first_pause_s * 2**attempt)
            else:
                return
        work()

    def _record(self, rows: Sequence[tuple[str, str]]) -> None:
        if not rows:
            return
        recorder = MigrationRecorder(self.connection)
        recorder.migration_qs.bulk_create([recorder.Migration(app=app, name=name) for app, name in rows])


def wait_for_wal_flush(keys: Iterable[str]) -> None:
    """Wait until the commits in these databases are flushed to disk."""
    for key in keys:
        with connections[databases.at("owner", key)].cursor() as cursor:
            cursor.execute("SELECT pg_logical_emit_message(true, 'bursar', 'migrated')")


def _apply_operation(planned: PlannedOperation, migration: Migration, editor: Any) -> None:
    planned.operation.database_forwards(migration.app_label, editor, planned.before, planned.after)


def _sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


def _close_if_lost(connection: Any) -> None:
    """The next schema gets a new connection."""
    if connection.connection is not None and not connection.is_usable():
        connection.close()


def _drop_invalid_indexes(connection: Any, schema: str) -> None:
    """An interrupted CREATE INDEX CONCURRENTLY leaves an index that is never used."""
    with connection.cursor() as cursor:
        cursor.execute(_INVALID_INDEXES, [schema])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")


_LOCK_SCHEMA = """
SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off;
LOCK TABLE {}.django_migrations IN SHARE ROW EXCLUSIVE MODE
"""
"""No wait for the WAL flush in each schema: after a server crash, the next run finds lost migrations missing. At the
end of a run there is one wait for all."""

_INVALID_INDEXES = """
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON indexrelid = pg_class.oid
WHERE NOT indisvalid AND relnamespace = to_regnamespace(%s)
"""
