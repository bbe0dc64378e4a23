"""Checksums of rows, computed by the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import sql


@dataclass(frozen=True, slots=True)
class TableChecksum:
    """Number of rows, and a checksum that does not depend on their order."""

    rows: int
    checksum: str


def checksum(cursor: Any, rows: sql.Composable) -> TableChecksum:
    """Of the rows of a SELECT. Values are compared as text, so both sides must format them identically."""
    cursor.execute(
        sql.SQL(
            "SELECT count(*), coalesce(sum(('x' || substr(md5(x::text), 1, 15))::bit(60)::bigint), 0)"
            " FROM ({}) AS x"
        ).format(rows)
    )
    count, total = cursor.fetchone()
    return TableChecksum(int(count), f"{int(total):x}")
