"""The one row of a query that always has one, such as a count."""

from __future__ import annotations

from psycopg import Cursor
from psycopg.rows import TupleRow


def only_row(cursor: Cursor[TupleRow]) -> TupleRow:
    row = cursor.fetchone()
    assert row is not None, "the query returned no row"
    return row
