"""How each column is exported: unchanged, as a rank (transaction ids), or masked.

Rows and checksums are read through the SQL expressions of this module, in the source and in the imported schema.
PostgreSQL masks a value while reading, so the original never leaves the database.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from psycopg import sql

from apps.backups.schemas import transaction_ids
from apps.backups.schemas.catalogue import Column, Table
from apps.backups.schemas.checksums import TableChecksum, checksum
from apps.kernel.pii import Kind, pii_columns, reference_patterns, tables_not_copied


class Masking(StrEnum):
    """SANDBOX removes secrets, webhooks and e-mail addresses, so that a clone reaches no outside system. ANONYMOUS also
    replaces names and free text.
    """

    NONE = ""
    SANDBOX = "sandbox"
    ANONYMOUS = "anonymous"


MASKED_KINDS = {
    Masking.NONE: frozenset[Kind](),
    Masking.SANDBOX: frozenset({Kind.EMAIL, Kind.SECRET, Kind.OFF}),
    Masking.ANONYMOUS: frozenset(Kind),
}


MASKING_KEY_BYTES = 16
"""The key is not stored. Without one, names could be recovered by hashing a list of likely ones."""


class MaskedSchema:
    """The tables of a schema, read with one masking."""

    def __init__(self, schema: str, tables: Sequence[Table], masking: Masking = Masking.NONE) -> None:
        self.schema, self.tables = schema, tables
        self._kinds = {
            (table, column): kind
            for table, columns in pii_columns().items()
            for column, kind in columns.items()
            if kind in MASKED_KINDS[masking]
        }
        is_anonymous = masking is Masking.ANONYMOUS
        self._excluded = tables_not_copied(anonymous=is_anonymous) if masking else frozenset[str]()
        self._key = secrets.token_hex(MASKING_KEY_BYTES)
        self._xid_columns = transaction_ids.columns(tables)

    def rows(self, table: Table) -> sql.Composed:
        """A SELECT of the exported rows."""
        columns = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(self._value(table, column), sql.Identifier(column.name))
            for column in table.columns
        )
        ranks, joins = self._ranks(table)
        where = sql.SQL("WHERE false" if table.name in self._excluded else "")
        return sql.SQL("{}SELECT {} FROM {} AS t {} {}").format(
            ranks, columns, sql.Identifier(self.schema, table.name), joins, where
        )

    def checksum(self, cursor: Any, table: Table) -> TableChecksum:
        """Of the exported rows, without transaction ids, which differ in each database."""
        compared = Table(table.name, tuple(column for column in table.columns if not column.is_xid))
        return checksum(cursor, self.rows(compared))

    def count_xids(self, cursor: Any) -> int:
        """The number of distinct transaction ids in the schema."""
        if not self._xid_columns:
            return 0
        cursor.execute(sql.SQL("{}SELECT count(*) FROM xid_ranks").format(self._all_ranks()))
        return int(cursor.fetchone()[0])

    def _value(self, table: Table, column: Column) -> sql.Composable:
        own = sql.Identifier("t", column.name)
        if column.is_xid:
            return sql.SQL("coalesce({}::text, '0')::xid8").format(
                sql.Identifier(f"at {column.name}", "rank")
            )
        kind = self._kinds.get((table.name, column.name))
        return _masked(own, column, kind, self._key) if kind else own

    def _ranks(self, table: Table) -> tuple[sql.Composable, sql.Composable]:
        xids = [column for column in table.columns if column.is_xid]
        if not xids:
            return sql.SQL(""), sql.SQL("")
        joins = sql.SQL(" ").join(
            sql.SQL("LEFT JOIN xid_ranks AS {0} ON {0}.xid = t.{1}").format(
                sql.Identifier(f"at {column.name}"), sql.Identifier(column.name)
            )
            for column in xids
        )
        return self._all_ranks(), joins

    def _all_ranks(self) -> sql.Composed:
        """A CTE that ranks the transaction ids of the whole schema."""
        ranked = transaction_ids.ranked(self.schema, self._xid_columns)
        return sql.SQL("WITH xid_ranks AS MATERIALIZED ({}) ").format(ranked)


def _masked(own: sql.Composable, column: Column, kind: Kind, key: str) -> sql.Composed:
    """NULL and the empty string identify no person and are unchanged."""
    patterns = reference_patterns()
    mask = sql.SQL(_MASKS[kind]).format(
        own=own,
        key=sql.Literal(key),
        reference=sql.Literal(patterns.reference),
        before_reference=sql.Literal(patterns.before_reference),
        before_text=sql.Literal(patterns.before_text),
    )
    if kind in (Kind.DATA, Kind.OFF):
        return mask
    if kind is Kind.SECRET and not column.required:
        return sql.SQL("NULL::{}").format(sql.SQL(column.type))
    cut = sql.SQL("left({}, {})").format(mask, sql.Literal(column.max_length)) if column.max_length else mask
    return sql.SQL("CASE WHEN {own} IS NULL OR {own}::text = '' THEN {own} ELSE {cut}::{type} END").format(
        own=own, cut=cut, type=sql.SQL(column.type)
    )


def _text(value: str) -> str:
    return f"'(text ' || substr(md5({{key}} || {value}), 1, 16) || ')'"


def _reference(value: str) -> str:
    return f"CASE WHEN {value} ~ {{reference}} THEN {value} ELSE {_text(value)} END"


def _after(beginning: str) -> str:
    return f"regexp_replace({{own}}::text, {beginning}, '')"


_MASKS = {
    Kind.NAME: "'Person ' || substr(md5({key} || {own}::text), 1, 16)",
    Kind.EMAIL: "'person-' || substr(md5({key} || lower({own}::text)), 1, 16) || '@sandbox.invalid'",
    Kind.TEXT: _text("{own}::text"),
    Kind.REFERENCE: _reference("{own}::text"),
    Kind.SOURCE: "CASE WHEN {own}::text ~ {before_reference} THEN substring({own}::text FROM {before_reference}) || "
    + _reference(_after("{before_reference}"))
    + " WHEN {own}::text ~ {before_text} THEN substring({own}::text FROM {before_text}) || "
    + _text(_after("{before_text}"))
    + f" ELSE {_reference('{own}::text')} END",
    Kind.SECRET: "''",
    Kind.DATA: "CASE jsonb_typeof({own}::jsonb) WHEN 'array' THEN '[]'::jsonb WHEN 'object' THEN '{{}}'::jsonb"
    " ELSE 'null'::jsonb END",
    Kind.OFF: "false",
}
"""The top-level domain .invalid never resolves (RFC 2606)."""
