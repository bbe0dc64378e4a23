"""The statements that create a schema, split in those before the rows and those after them.

Constraints and indexes are created after the rows, which is several times faster. So are triggers, which must not
validate existing rows again.
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
    """Statements to run before and after the rows are copied."""

    before: Sequence[str]
    after: Sequence[str]


def halves(ddl: str) -> Halves:
    """Without the INSERTs of the blueprint: its rows (migrations, permissions) are in every backup file."""
    ddl_only = [statement for statement in statements(ddl) if not _ROWS.match(statement)]
    return Halves(
        before=[statement for statement in ddl_only if not _LATER.match(statement)],
        after=[statement for statement in ddl_only if _LATER.match(statement)],
    )


def statements(ddl: str) -> Iterator[str]:
    """Splits at semicolons, except inside quotes."""
    for match in _STATEMENT.finditer(ddl):
        yield match[0].strip()
