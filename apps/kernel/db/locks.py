"""Advisory locks of PostgreSQL. Each text is declared once, because processes only exclude each other if they lock the
same text.

PERIOD = Lock("{schema}:period:{period}")

    with connection.cursor() as cursor:
        PERIOD.key(period=17).hold(cursor)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

LOCKS: dict[str, Lock | TableLock] = {}
SCHEMA = "{schema}"


@dataclass(frozen=True)
class LockKey:
    """One lock: an SQL expression for its number. Two texts may hash to the same number; then one waits needlessly."""

    expression: str
    parameter: str

    def hold(self, cursor: Any) -> None:
        """Waits for the lock, and holds it until the transaction ends."""
        self._execute(cursor, "pg_advisory_xact_lock")

    def hold_shared(self, cursor: Any) -> None:
        """Waits until no transaction holds the lock alone, and excludes such transactions until this one ends."""
        self._execute(cursor, "pg_advisory_xact_lock_shared")

    def try_hold(self, cursor: Any) -> bool:
        """Whether the lock was free; it is then held until the transaction ends."""
        self._execute(cursor, "pg_try_advisory_xact_lock")
        return bool(cursor.fetchone()[0])

    def try_hold_in_session(self, cursor: Any) -> bool:
        """Whether the lock was free; it is then held until `release`, or until the connection ends."""
        self._execute(cursor, "pg_try_advisory_lock")
        return bool(cursor.fetchone()[0])

    def release(self, cursor: Any) -> bool:
        self._execute(cursor, "pg_advisory_unlock")
        return bool(cursor.fetchone()[0])

    def _execute(self, cursor: Any, function: str) -> None:
        cursor.execute(f"SELECT {function}({self.expression})", [self.parameter])


@dataclass(frozen=True)
class Lock:
    """An advisory lock on the hash of `text`. Placeholders in braces are filled in by `key()`, except `{schema}`, which
    the database replaces by the current schema and which must come first."""

    text: str

    def __post_init__(self) -> None:
        _declare(self)

    def key(self, **values: object) -> LockKey:
        """Raises KeyError for a placeholder without a value."""
        in_schema = self.text.startswith(SCHEMA)
        text = self.text.removeprefix(SCHEMA).format_map(values)
        hashed = "current_schema() || %s" if in_schema else "%s"
        return LockKey(f"hashtextextended({hashed}, 0)", text)


@dataclass(frozen=True)
class TableLock:
    """An advisory lock on a table of the current schema, by the table's object id."""

    text: str

    def __post_init__(self) -> None:
        _declare(self)

    def key(self) -> LockKey:
        return LockKey("%s::regclass::oid::bigint", self.text)


def _declare(lock: Lock | TableLock) -> None:
    if lock.text in LOCKS:
        raise TypeError(f"The lock {lock.text!r} is declared twice.")
    LOCKS[lock.text] = lock


@contextmanager
def advisory_lock(lock: LockKey) -> Iterator[bool]:
    """Yields whether the lock was free. It spans transactions and ends with the connection: a session lock or, behind a
    transaction pooler, which has no sessions, the lock of a transaction on a separate connection."""
    if not isinstance(lock, LockKey):
        raise TypeError(f"{lock!r} is not a declared lock: Lock(…).key(…).")
    if connection.settings_dict["TENANCY"]["pooled"]:
        with _separate_cursor() as cursor:
            yield lock.try_hold(cursor)
        return
    with connection.cursor() as cursor:
        is_held = lock.try_hold_in_session(cursor)
    try:
        yield is_held
    finally:
        if is_held:
            with connection.cursor() as cursor:
                lock.release(cursor)


@contextmanager
def _separate_cursor() -> Iterator[Any]:
    """A cursor of the platform in a transaction of its own, on a separate connection."""
    separate = connection.copy()
    separate.settings_dict["TENANCY"]["platform"] = True
    try:
        separate.set_autocommit(False)
        with separate.cursor() as cursor:
            yield cursor
    finally:
        with suppress(DatabaseError):
            separate.rollback()
        separate.close()
