"""The statements that create a schema, split in those before the rows and those after them.

Constraints and indexes are created after the rows, which is several times faster. So are triggers, which must not
validate existing rows again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import connections

from apps.kernel.db import databases
from apps.kernel.tenant import activate
from apps.tenancy.provisioning import TEMPLATE

PLACEHOLDER = TEMPLATE.schema
"""The name of the schema in the blueprint."""
_BODY = r"BEGIN ATOMIC\b(?:'(?:[^']|'')*'|[^'])*?\nEND\b"
_QUOTED = rf"\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|{_BODY}"
_STATEMENT = re.compile(rf"(?:{_QUOTED}|[^;$'\"-]|[$-])*?;", re.S)
_ROWS = re.compile(r"INSERT INTO|SELECT (pg_catalog\.)?setval")
_LATER = re.compile(
    r"CREATE (UNIQUE )?INDEX|CREATE (CONSTRAINT )?TRIGGER|CREATE POLICY"
    r"|ALTER TABLE [^;]*?(ADD CONSTRAINT|ROW LEVEL SECURITY|CLUSTER ON|REPLICA IDENTITY)",
    re.S,
)


class Stored(NamedTuple):
    """The blueprint of a database, and the fingerprint of its migrations."""

    ddl: str
    fingerprint: str


class Halves(NamedTuple):
    """Statements to run before and after the rows are copied."""

    before: Sequence[str]
    after: Sequence[str]


def stored(at: str) -> Stored:
    """That of the database with this key; empty before its first migration."""
    with activate(None), connections[databases.at("default", at)].cursor() as cursor:
        cursor.execute("SELECT ddl, fingerprint FROM tenancy_blueprint")
        return Stored(*(cursor.fetchone() or ("", "")))


def halves(ddl: str, schema: str) -> Halves:
    """The statements for a schema of that name. Without the INSERTs of the blueprint: its rows (migrations,
    permissions) are in every backup file."""
    of_schema = statements(ddl.replace(PLACEHOLDER, schema))
    ddl_only = [statement for statement in of_schema if not _ROWS.match(statement)]
    return Halves(
        before=[statement for statement in ddl_only if not _LATER.match(statement)],
        after=[statement for statement in ddl_only if _LATER.match(statement)],
    )


def statements(ddl: str) -> Iterator[str]:
    """Splits at semicolons, except inside quotes and the bodies of SQL functions."""
    for match in _STATEMENT.finditer(ddl):
        yield match[0].strip()
