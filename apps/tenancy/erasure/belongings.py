"""What a tenant has, in figures: for whoever is about to erase it, and for the journal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from apps.kernel.files import files
from apps.kernel.tenant import TenantInfo, activate


@dataclass(frozen=True)
class Belongings:
    """`rows` and `bytes` in the tables of its schema, `files` and `file_bytes` in the object store."""

    tables: int
    rows: int
    bytes: int
    files: int
    file_bytes: int


def belongings(tenant: TenantInfo) -> Belongings:
    """Reads every table, so it takes its time."""
    with activate(tenant):
        tables, rows, size = _in_schema(tenant.schema)
        sizes = [files().size(name) for name in every_file()]
    return Belongings(tables=tables, rows=rows, bytes=size, files=len(sizes), file_bytes=sum(sizes))


def every_file(folder: str = "") -> Iterator[str]:
    """The names of all files of the current tenant."""
    folders, names = files().listdir(folder)
    yield from (f"{folder}/{name}" if folder else name for name in names)
    for inner in folders:
        yield from every_file(f"{folder}/{inner}" if folder else inner)


def _in_schema(schema: str) -> tuple[int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p')",
            [sql.Identifier(schema).as_string(None)],
        )
        sizes = dict(cursor.fetchall())
        if not sizes:
            return 0, 0, 0
        counted = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT count(*) AS n FROM {}").format(sql.Identifier(schema, name)) for name in sizes
        )
        cursor.execute(f"SELECT sum(n) FROM ({counted.as_string(None)}) each_table")  # noqa: S608 - identifiers
        return len(sizes), int(cursor.fetchone()[0]), sum(sizes.values())
