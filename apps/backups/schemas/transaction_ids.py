"""Transaction ids in rows (`xid8`). They are valid in one database only, so a copy contains their ranks instead, and
its server continues after these ranks: the audit log is sealed in the order of transaction ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql

from .catalogue import Table


def columns(tables: Iterable[Table]) -> list[tuple[str, str]]:
    """Table and column of each."""
    return [(table.name, column.name) for table in tables for column in table.columns if column.is_xid]


def ranked(schema: str, in_columns: Sequence[tuple[str, str]]) -> sql.Composed:
    """A SELECT of all transaction ids of the schema, as `xid`, with their `rank` from 1; 0 is none."""
    known = sql.SQL(" UNION ").join(
        sql.SQL("SELECT {} AS xid FROM {}").format(sql.Identifier(column), sql.Identifier(schema, table))
        for table, column in in_columns
    )
    return sql.SQL(
        "SELECT xid, row_number() OVER (ORDER BY xid) AS rank FROM ({}) AS known WHERE xid <> '0'::xid8"
    ).format(known)


def renumber(cursor: Any, schema: str, tables: Iterable[Table]) -> int:
    """Replaces the transaction ids of the schema by their ranks, inside a transaction. Returns their number."""
    in_columns = columns(tables)
    if not in_columns:
        return 0
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE ranks ON COMMIT DROP AS {}").format(ranked(schema, in_columns))
    )
    for table, column in in_columns:
        cursor.execute(
            sql.SQL(
                "UPDATE {table} AS t SET {column} = ranks.rank::text::xid8 FROM ranks WHERE t.{column} = ranks.xid"
            ).format(table=sql.Identifier(schema, table), column=sql.Identifier(column))
        )
    cursor.execute("SELECT count(*) FROM ranks")
    return int(cursor.fetchone()[0])


def advance(cursor: Any, count: int) -> None:
    """Advances the transaction id of the server beyond the imported ranks. Only a new server is behind."""
    cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    missing = count + 1 - cursor.fetchone()[0]
    if missing > 0:
        cursor.cursor.execute(
            f"DO $$ BEGIN FOR i IN 1..{missing} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        )
