"""Locks of a schema that is migrated, and errors of waiting for a lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import ProgrammingError
from psycopg import sql

from .discovery import Kind, Schema

LOCK_ERRORS = frozenset({"55P03", "40P01"})
"""SQLSTATEs of a lock timeout and of a deadlock."""
MISSING_ERRORS = frozenset({"42P01", "3F000"})
"""SQLSTATEs of a missing table and a missing schema."""


class SchemaGone(Exception):
    """The schema no longer exists: a claimed spare, or an erased tenant."""


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """lock_timeout_ms  maximum wait of a statement for a lock; all other sessions queue behind it
    attempts         including the first; each pause is twice as long as the one before
    """

    lock_timeout_ms: int = 3000
    attempts: int = 6
    first_pause_s: float = 0.1

    @property
    def lock_timeout(self) -> str:
        return f"{self.lock_timeout_ms}ms"

    def retry(self, work: Callable[[], None]) -> None:
        """Repeats the work while it fails to get a lock."""
        for attempt in range(self.attempts - 1):
            try:
                work()
            except DatabaseError as error:
                if sqlstate(error) not in LOCK_ERRORS:
                    raise
                time.sleep(self.first_pause_s * 2**attempt)
            else:
                return
        work()


def lock_schema(connection: Any, schema: Schema, lock_timeout: str) -> None:
    """Lock the schema against being dropped, claimed or migrated until the transaction ends; without the schema, the
    search path would lead to the platform's tables. Raises SchemaGone."""
    with connection.cursor() as cursor:
        _lock_migrations(cursor, schema, lock_timeout)
        if schema.kind is Kind.SPARE:
            cursor.execute("SELECT FROM public.tenancy_spare WHERE id = %s FOR UPDATE", [schema.id])
            if not cursor.rowcount:
                raise SchemaGone


def _lock_migrations(cursor: Any, schema: Schema, lock_timeout: str) -> None:
    statement = sql.SQL(_LOCK_MIGRATIONS).format(sql.Literal(lock_timeout), sql.Identifier(schema.name))
    try:
        cursor.execute(statement)
    except ProgrammingError as error:
        raise (SchemaGone if sqlstate(error) in MISSING_ERRORS else error) from error


@contextmanager
def in_schema(connection: Any, schema: Schema, lock_timeout: str) -> Iterator[None]:
    """The lock timeout for statements outside a transaction. Raises SchemaGone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema() = %s", [schema.name])
        if not cursor.fetchone()[0]:
            raise SchemaGone
        cursor.execute(f"SET lock_timeout = '{lock_timeout}'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")


def sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


_LOCK_MIGRATIONS = """
SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = off;
LOCK TABLE {}.django_migrations IN SHARE ROW EXCLUSIVE MODE
"""
"""No wait for the WAL flush in each schema: after a server crash, the next run finds lost migrations missing. At the
end of a run there is one wait for all."""
