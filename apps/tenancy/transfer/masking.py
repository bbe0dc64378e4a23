"""How the rows of a table leave: each column as it is, as its place in an order, or disguised.

The rows are read through the expressions made here, and so are the checksums, in the source as in the copy. What is
disguised is disguised while it is read: the true value never leaves.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from psycopg import sql

from apps.kernel.pii import Kind, pii_columns, tables_not_copied

from .catalogue import Column, Table


@dataclass(frozen=True, slots=True)
class Sum:
    """What is compared: how many rows there are, and a number that does not depend on their order."""

    rows: int
    checksum: str


class Disguise(StrEnum):
    """What a copy may say. Whatever it says, it reaches nobody outside: it has no address, no secret and no webhook."""

    NONE = ""
    SANDBOX = "sandbox"
    ANONYMOUS = "anonymous"


KINDS = {
    Disguise.NONE: frozenset[Kind](),
    Disguise.SANDBOX: frozenset({Kind.EMAIL, Kind.SECRET, Kind.OFF}),
    Disguise.ANONYMOUS: frozenset(Kind),
}


class Leaving:
    """All tables of one schema, and in what disguise their rows leave."""

    def __init__(self, schema: str, tables: Sequence[Table], disguise: Disguise = Disguise.NONE) -> None:
        self.schema, self.tables = schema, tables
        self._kinds = {
            (table, column): kind
            for table, columns in pii_columns().items()
            for column, kind in columns.items()
            if kind in KINDS[disguise]
        }
        self._stays = tables_not_copied() if disguise else frozenset[str]()
        self._key = _key().hex()

    def rows(self, table: Table) -> sql.Composed:
        """A SELECT of what is copied."""
        columns = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(self._value(table, column), sql.Identifier(column.name))
            for column in table.columns
        )
        places, joins = self._places(table)
        where = sql.SQL("WHERE false" if table.name in self._stays else "")
        return sql.SQL("{}SELECT {} FROM {} AS t {} {}").format(
            places, columns, sql.Identifier(self.schema, table.name), joins, where
        )

    def sum(self, cursor: Any, table: Table) -> Sum:
        """Of the same rows. Places are left out: they are others in each database, in the same order."""
        kept = Table(table.name, tuple(column for column in table.columns if not column.is_place))
        cursor.execute(
            sql.SQL(
                "SELECT count(*), coalesce(sum(('x' || substr(md5(x::text), 1, 15))::bit(60)::bigint), 0)"
                " FROM ({}) AS x"
            ).format(self.rows(kept))
        )
        rows, total = cursor.fetchone()
        return Sum(int(rows), f"{int(total):x}")

    def highest_place(self, cursor: Any) -> int:
        """How many places there are."""
        if not self._ordered():
            return 0
        cursor.execute(sql.SQL("{}SELECT count(*) FROM places").format(self._all_places()))
        return int(cursor.fetchone()[0])

    def _value(self, table: Table, column: Column) -> sql.Composable:
        own = sql.Identifier("t", column.name)
        if column.is_place:
            return sql.SQL("coalesce({}::text, '0')::xid8").format(
                sql.Identifier(f"at {column.name}", "place")
            )
        kind = self._kinds.get((table.name, column.name))
        return _disguised(own, column, kind, self._key) if kind else own

    def _places(self, table: Table) -> tuple[sql.Composable, sql.Composable]:
        ordered = [column for column in table.columns if column.is_place]
        if not ordered:
            return sql.SQL(""), sql.SQL("")
        joins = sql.SQL(" ").join(
            sql.SQL("LEFT JOIN places AS {0} ON {0}.xid = t.{1}").format(
                sql.Identifier(f"at {each.name}"), sql.Identifier(each.name)
            )
            for each in ordered
        )
        return self._all_places(), joins

    def _all_places(self) -> sql.Composed:
        """Transaction ids of the whole schema in their order, counted from 1; 0 stays 0."""
        known = sql.SQL(" UNION ").join(
            sql.SQL("SELECT {} AS xid FROM {}").format(
                sql.Identifier(column), sql.Identifier(self.schema, table)
            )
            for table, column in self._ordered()
        )
        return sql.SQL(
            "WITH places AS MATERIALIZED (SELECT xid, row_number() OVER (ORDER BY xid) AS place"
            " FROM ({}) AS known WHERE xid <> '0'::xid8) "
        ).format(known)

    def _ordered(self) -> Sequence[tuple[str, str]]:
        return [
            (table.name, column.name) for table in self.tables for column in table.columns if column.is_place
        ]


def _disguised(own: sql.Composable, column: Column, kind: Kind, key: str) -> sql.Composed:
    """NULL and empty say nothing about anybody, and stay."""
    form = sql.SQL(_FORMS[kind]).format(own=own, key=sql.Literal(key))
    if kind in (Kind.DATA, Kind.OFF):
        return form
    if kind is Kind.SECRET and not column.required:
        return sql.SQL("NULL::{}").format(sql.SQL(column.type))
    cut = sql.SQL("left({}, {})").format(form, sql.Literal(column.longest)) if column.longest else form
    return sql.SQL("CASE WHEN {own} IS NULL OR {own}::text = '' THEN {own} ELSE {cut}::{type} END").format(
        own=own, cut=cut, type=sql.SQL(column.type)
    )


_FORMS = {
    Kind.NAME: "'Person ' || substr(md5({key} || {own}::text), 1, 16)",
    Kind.EMAIL: "'person-' || substr(md5({key} || lower({own}::text)), 1, 16) || '@sandbox.invalid'",
    Kind.TEXT: "'(text ' || substr(md5({key} || {own}::text), 1, 16) || ')'",
    Kind.SECRET: "''",
    Kind.DATA: "CASE jsonb_typeof({own}::jsonb) WHEN 'array' THEN '[]'::jsonb WHEN 'object' THEN '{{}}'::jsonb"
    " ELSE 'null'::jsonb END",
    Kind.OFF: "false",
}
"""Under .invalid nobody ever has a mailbox (RFC 2606)."""


def _key() -> bytes:
    """Keyed, so that nobody finds a name again by trying those in a telephone book."""
    return hmac.digest(settings.SECRET_KEY.encode(), b"disguise of personal data", "sha256")[:16]
