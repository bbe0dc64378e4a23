"""Applies the steps of a plan to one schema. Locks are retried; a schema that is gone is skipped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db import connections, transaction
from django.db.migrations import Migration, RunSQL
from django.db.migrations.recorder import MigrationRecorder

from apps.kernel.db import databases
from apps.kernel.errors import sentence_of
from apps.tenancy import fingerprint, numbering
from apps.tenancy.provisioning import TEMPLATE

from . import state
from .discovery import Schema
from .outcome import Outcome
from .planning import PlannedOperation, Step, rows_of
from .schema_locks import LockPolicy, SchemaGone, in_schema, lock_schema


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
        return work.failure(sentence_of(error))
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

    def failure(self, error: str) -> Outcome:
        return Outcome(self.schema, self.applied, self.at, self.operation_count, error)

    def run(self, steps: Sequence[Step]) -> None:
        for step in steps:
            self.at, self.operation_count = step.label, 0
            if step.migration.atomic:
                self.lock_policy.retry(partial(self._run_atomic, step, is_last=step is steps[-1]))
            else:
                self._run_non_atomic(step)
            self.applied.append(step.label)
        if not self.fingerprint:
            self.lock_policy.retry(self._finish_in_transaction)

    def _run_atomic(self, step: Step, *, is_last: bool) -> None:
        with self.connection.schema_editor(atomic=True) as editor:
            self._lock()
            for operation in step.operations:
                _apply_operation(operation, step.migration, editor)
            self._record(rows_of(step.migration))
            if is_last:
                self._finish()

    def _run_non_atomic(self, step: Step) -> None:
        """A non-atomic migration resumes after its last committed operation, also in another run."""
        self.operation_count = state.operation_count(self.schema, step.label)
        for operation in step.operations[self.operation_count :]:
            self.lock_policy.retry(partial(self._run_operation, operation, step.migration))
            self.operation_count += 1
            state.mark_progress(self.schema, step.label, self.operation_count)
        with self._transaction():
            self._lock()
            self._record(rows_of(step.migration))

    def _run_operation(self, planned: PlannedOperation, migration: Migration) -> None:
        """CONCURRENTLY waits for old transactions and blocks no other session, so it has no lock timeout."""
        is_concurrent = isinstance(planned.operation, NotInTransactionMixin | RunSQL)
        lock_timeout = "0" if is_concurrent else self.lock_policy.lock_timeout
        own_transaction = self._transaction() if planned.operation.atomic else nullcontext()
        with in_schema(self.connection, self.schema, lock_timeout):
            _drop_invalid_indexes(self.connection, self.schema.name)
            with self.connection.schema_editor(atomic=False) as editor, own_transaction:
                _apply_operation(planned, migration, editor)

    def _finish_in_transaction(self) -> None:
        with self._transaction():
            self._lock()
            self._finish()

    def _finish(self) -> None:
        """Record the squashed migrations, number the ids, and read the new fingerprint."""
        self._record(self.recorded_only)
        numbering.copy(TEMPLATE.schema, using=self.connection.alias)
        with self.connection.cursor() as cursor:
            self.fingerprint = fingerprint.of_current_schema(cursor)

    def _transaction(self) -> AbstractContextManager[None]:
        alias: str = self.connection.alias
        return transaction.atomic(using=alias)

    def _lock(self) -> None:
        lock_schema(self.connection, self.schema, self.lock_policy.lock_timeout)

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


_INVALID_INDEXES = """
SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON indexrelid = pg_class.oid
WHERE NOT indisvalid AND relnamespace = to_regnamespace(%s)
"""
