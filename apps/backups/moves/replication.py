"""Logical replication of one schema: a publication in the source database, a subscription in the target database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import sql

from apps.backups.schemas import catalogue
from apps.backups.schemas.catalogue import Table

_OWN_SUBSCRIPTION = """
SELECT pg_subscription.oid FROM pg_subscription JOIN pg_database ON pg_database.oid = subdbid
WHERE subname = %s AND datname = current_database()
"""
"""pg_subscription contains the subscriptions of all databases of the server."""
_TABLES_COPIED = """
SELECT count(*) FILTER (WHERE srsubstate = 'r'), count(*) FILTER (WHERE srsubstate <> 'r') FROM pg_subscription_rel
JOIN pg_subscription ON pg_subscription.oid = srsubid JOIN pg_database ON pg_database.oid = subdbid
WHERE subname = %s AND datname = current_database()
"""
_HAS_REPLAYED = "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"


class Replication:
    """Of the tables of a schema, between two cursors of owners."""

    def __init__(self, name: str, schema: str, tables: Sequence[Table], source: Any, target: Any) -> None:
        self._name, self._table_count, self._source, self._target = name, len(tables), source, target
        self._tables = catalogue.names(schema, tables)

    def start(self, source_url: str) -> None:
        """Copies all rows and then each change. The target connects to the source by that address."""
        self._execute(self._source, "CREATE PUBLICATION {name} FOR TABLE {tables}")
        self._execute(
            self._target,
            "CREATE SUBSCRIPTION {name} CONNECTION {url} PUBLICATION {name}",
            url=sql.Literal(source_url),
        )

    def is_copied(self) -> bool:
        """Whether all rows are copied, and only changes follow."""
        self._target.execute(_TABLES_COPIED, [self._name])
        copied, behind = self._target.fetchone()
        return bool(copied == self._table_count and not behind)

    def position(self) -> str:
        """The position in the log of the source after which nothing was written yet. The message is flushed, so all
        records before it will be replicated."""
        self._source.execute("SET synchronous_commit = on")
        self._source.execute("SELECT pg_logical_emit_message(true, 'bursar', 'level')")
        self._source.execute("SELECT pg_current_wal_flush_lsn()")
        (position,) = self._source.fetchone()
        return str(position)

    def has_replayed(self, position: str) -> bool:
        self._source.execute(_HAS_REPLAYED, [position, self._name])
        row = self._source.fetchone()
        return bool(row and row[0])

    def stop(self) -> None:
        """Also after a failure, and of an earlier attempt."""
        self._target.execute(_OWN_SUBSCRIPTION, [self._name])
        if self._target.fetchone() is not None:
            self._execute(self._target, "DROP SUBSCRIPTION {name}")
        self._execute(self._source, "DROP PUBLICATION IF EXISTS {name}")

    def _execute(self, cursor: Any, statement: str, **parts: sql.Composable) -> None:
        names = {"name": sql.Identifier(self._name), "tables": self._tables}
        cursor.execute(sql.SQL(statement).format(**names, **parts))
