"""The footprint of a tenant in figures, shown before an erasure and recorded in the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection, transaction
from psycopg import sql

from apps.kernel.files.store import files
from apps.kernel.tenant import TenantInfo, activate

MAX_COUNTED_BYTES = 64 * 2**20
"""The rows of a larger table are estimated from the planner's statistics."""


@dataclass(frozen=True)
class TenantFootprint:
    """`tables`, `rows` and `bytes` are of the schema, `files` and `file_bytes` of the object store. Rows of large
    tables are estimates."""

    tables: int
    rows: int
    bytes: int
    files: int
    file_bytes: int


def tenant_footprint(tenant: TenantInfo) -> TenantFootprint:
    schema = schema_footprint(tenant)
    with activate(tenant):
        sizes = [files().size(name) for name in file_names()]
    return TenantFootprint(**schema._asdict(), files=len(sizes), file_bytes=sum(sizes))


class SchemaFootprint(NamedTuple):
    """The part that needs the database only."""

    tables: int
    rows: int
    bytes: int


def schema_footprint(tenant: TenantInfo) -> SchemaFootprint:
    with activate(tenant), transaction.atomic():
        return _schema_footprint(tenant.schema)


def file_names(folder: str = "") -> Iterator[str]:
    """The names of all files of the current tenant, recursively."""
    folders, names = files().listdir(folder)
    yield from (f"{folder}/{name}" if folder else name for name in names)
    for inner in folders:
        yield from file_names(f"{folder}/{inner}" if folder else inner)


def _schema_footprint(schema: str) -> SchemaFootprint:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES, [sql.Identifier(schema).as_string(None)])
        tables = cursor.fetchall()
    small = [sql.Identifier(schema, name) for name, size, _ in tables if size < MAX_COUNTED_BYTES]
    estimated = sum(rows for _, size, rows in tables if size >= MAX_COUNTED_BYTES)
    return SchemaFootprint(len(tables), estimated + _counted_rows(small), sum(size for _, size, _ in tables))


_TABLES = """
SELECT relname, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint FROM pg_class
WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p')
"""


def _counted_rows(tables: Sequence[sql.Identifier]) -> int:
    if not tables:
        return 0
    count = sql.SQL("SELECT count(*) AS n FROM {}")
    counts = sql.SQL(" UNION ALL ").join(count.format(table) for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT sum(n) FROM ({counts.as_string(None)}) counted")  # noqa: S608 - identifiers
        return int(cursor.fetchone()[0])
