"""Constraints for columns with texts that people write: the normal form of `apps.kernel.text`, against any writer.

    operations = [
        text_columns("sales_customer", code=REQUIRED, name=REQUIRED, email=OPTIONAL, address=LINES),
        unique_in_any_case("sales_customer", "code"),
    ]

The conditions are expressions instead of functions: a schema is copied without what is outside of it, and a function
that changes would leave rows that violate it. Which code points are assigned depends on the version of Unicode, so only
Python knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from django.db import migrations

from apps.kernel.text import BLANK, INVISIBLE, JOINED, JOINER, LINE_BREAK, REFUSED, Range

SUFFIX = "_is_text"
"""Of the names of the constraints; `kernel.db.violations` makes their refusal."""


class Kind(Enum):
    """The form of a column's texts."""

    OPTIONAL = "one line, or empty"
    REQUIRED = "one line, not empty"
    LINES = "several lines, or empty"
    REQUIRED_LINES = "several lines, not empty"


OPTIONAL, REQUIRED, LINES, REQUIRED_LINES = Kind


def text_columns(table: str, **columns: Kind) -> migrations.RunSQL:
    """Only texts in their normal form can be stored in these columns of the table."""
    add = [
        f"ADD CONSTRAINT {constraint_name(table, column)} CHECK ({condition(column, kind)})"
        for column, kind in columns.items()
    ]
    drop = [f"DROP CONSTRAINT {constraint_name(table, column)}" for column in columns]
    return migrations.RunSQL(
        f"ALTER TABLE {table} {', '.join(add)}", f"ALTER TABLE {table} {', '.join(drop)}"
    )


def unique_in_any_case(table: str, column: str) -> migrations.RunSQL:
    """Codes that differ in upper and lower case only are one code."""
    name = f"{table}_{column}_in_any_case"
    return migrations.RunSQL(f"CREATE UNIQUE INDEX {name} ON {table} (lower({column}))", f"DROP INDEX {name}")


def constraint_name(table: str, column: str) -> str:
    return f"{table}_{column}{SUFFIX}"


def condition(column: str, kind: Kind) -> str:
    """The condition in SQL."""
    normal = f"{column} IS NFC NORMALIZED AND {column} !~ '{_pattern(kind)}'"
    return f"{column} <> '' AND {normal}" if kind in (REQUIRED, REQUIRED_LINES) else normal


def _pattern(kind: Kind) -> str:
    """A regular expression of PostgreSQL that matches what a text may not contain."""
    joiner, joined = bracket(JOINER), bracket(JOINED)
    misplaced = f"(?<![{joined}])[{joiner}]|[{joiner}](?![{joined}])"
    if kind in (LINES, REQUIRED_LINES):
        breaks = ((0x000B, 0x000D), *LINE_BREAK[1:])
        return rf"[{bracket(REFUSED, INVISIBLE, BLANK, breaks)}]|\A[ \n]|[ \n]\Z| \n|{misplaced}"
    return rf"[{bracket(REFUSED, INVISIBLE, BLANK, LINE_BREAK)}]|\A | \Z|  |{misplaced}"


def bracket(*ranges: Iterable[Range]) -> str:
    """The members of a bracket expression. PostgreSQL stores neither NUL nor surrogates."""
    pairs = [pair for several in ranges for pair in several if pair != (0xD800, 0xDFFF)]
    return "".join(_member(max(first, 1), last) for first, last in pairs)


def _member(first: int, last: int) -> str:
    return _escape(first) if first == last else f"{_escape(first)}-{_escape(last)}"


def _escape(code: int) -> str:
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
