"""The statements that make a schema, taken apart: tables first, then the rows, then what holds them together.

Constraints and indexes are made once all rows are there, which is several times faster; and triggers that guard what
people do must not see rows that were right when they were written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_QUOTED = r"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*"
_STATEMENT = re.compile(rf"(?:{_QUOTED}|[^;$'\"-]|[$-])*?;", re.S)
_ROWS = re.compile(r"INSERT INTO|SELECT (pg_catalog\.)?setval")
_LATER = re.compile(
    r"CREATE (UNIQUE )?INDEX|CREATE (CONSTRAINT )?TRIGGER|CREATE POLICY"
    r"|ALTER TABLE [^;]*?(ADD CONSTRAINT|ROW LEVEL SECURITY|CLUSTER ON|REPLICA IDENTITY)",
    re.S,
)


class Halves(NamedTuple):
    """Statements before the rows, and after them."""

    before: Sequence[str]
    after: Sequence[str]


def halves(ddl: str) -> Halves:
    """The rows of the blueprint itself (which migrations it has, which permissions) are in every archive."""
    made = [statement for statement in statements(ddl) if not _ROWS.match(statement)]
    return Halves(
        before=[each for each in made if not _LATER.match(each)],
        after=[each for each in made if _LATER.match(each)],
    )


def statements(ddl: str) -> Iterator[str]:
    """One by one. A semicolon inside quotes ends nothing."""
    for found in _STATEMENT.finditer(ddl):
        yield found[0].strip()
