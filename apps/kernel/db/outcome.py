"""The outcome of a unit of work beside its change: audit records, idempotency keys and events.

The runtime has no right to insert them. `record_outcome`, a function of the owner of the tables (migrations of
`apps.audit`), writes all of them in one call at the end of the unit of work. Until then they wait on the connection,
and are discarded with the savepoint or the transaction in which they were added.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from django.db import DEFAULT_DB_ALIAS, connection, connections

from . import callbacks

Kind = Literal["records", "keys", "events"]
KINDS: tuple[Kind, ...] = ("records", "keys", "events")
Row = dict[str, Any]
"""Column → JSON value."""


class Waiting:
    """The rows of one connection that are not written yet, in order."""

    def __init__(self) -> None:
        self._rows: list[tuple[Kind, Row]] = []
        self._savepoints: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, kind: Kind, row: Row) -> None:
        self._rows.append((kind, row))

    def find(self, kind: Kind, **values: Any) -> Row | None:
        """A row with these values."""
        matches = (row for of_kind, row in self._rows if of_kind == kind and values.items() <= row.items())
        return next(matches, None)

    def take(self) -> Sequence[tuple[Kind, Row]]:
        """All rows; none wait afterwards."""
        rows, self._rows = self._rows, []
        return rows

    def clear(self) -> None:
        self._rows.clear()
        self._savepoints.clear()

    def note_savepoint(self, name: str) -> None:
        self._savepoints[name] = len(self._rows)

    def cut_back(self, savepoint: str) -> None:
        """Discards what was added after the savepoint."""
        del self._rows[self._savepoints.get(savepoint, 0) :]


def waiting() -> Waiting:
    """On the connection of the current tenant."""
    wrapper: Any = connections[DEFAULT_DB_ALIAS]
    rows: Waiting = wrapper.waiting
    return rows


def record(kind: Kind, row: Row) -> None:
    """Writes the row at the end of the unit of work, or at once outside of one."""
    if callbacks.are_collected() and connection.in_atomic_block:
        waiting().add(kind, row)
    else:
        _write([(kind, row)])


def write_waiting() -> None:
    """Called at the end of the outermost unit of work, inside its transaction."""
    if rows := waiting().take():
        _write(rows)


def _write(rows: Sequence[tuple[Kind, Row]]) -> None:
    by_kind = [json.dumps([row for of_kind, row in rows if of_kind == kind]) for kind in KINDS]
    with connection.cursor() as cursor:
        cursor.execute("SELECT record_outcome(%s, %s, %s)", by_kind)
