"""A database's schemas as text, to compare a migrated one with one that was made anew."""

from __future__ import annotations

import re
from difflib import unified_diff

from psycopg import sql

from .dumps import as_owner, pg_dump

ROWS = {
    "django_migrations": "app, name",
    "django_content_type": "id, app_label, model",
    "auth_permission": "id, content_type_id, codename, name",
}
"""What migrations write besides definitions."""


ARRAY_CAST = re.compile(r"\(ARRAY\[([^\]]*)\]\)::text\[\]")
TEXT = re.compile(r"('(?:[^']|'')*'::character varying)")


def definition_of(database: str) -> list[str]:
    """Lines of the public schema, the template and the first tenant's, with owners, rights and the rows of `ROWS`."""
    tenant = _first_tenant(database)
    schemas = ("public", "bursar_template", tenant)
    text = pg_dump(database, "--schema-only", *(f"--schema={schema}" for schema in schemas))
    text = re.sub(rf"\b{tenant}\b", "tenant", text)
    text = re.sub(r"\bbursar_t_\d+_\d+\b", "bursar_t", text)
    text = ARRAY_CAST.sub(_cast_each, text)
    lines = [line for line in text.splitlines() if line and not line.startswith(("--", "\\"))]
    return lines + [row for schema in schemas for row in _rows(database, schema)]


def differences(these: list[str], those: list[str]) -> list[str]:
    """Lines that are in one of them only, with - and +."""
    return [
        line
        for line in unified_diff(these, those, n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]


def _cast_each(cast: re.Match[str]) -> str:
    """PostgreSQL casts a list of texts as a whole; once its definition was dumped and restored, each of the texts."""
    return "ARRAY[" + TEXT.sub(r"(\1)::text", cast[1]) + "]"


def _first_tenant(database: str) -> str:
    with as_owner(database) as connection:
        row = connection.execute(
            "SELECT schema_name FROM public.tenancy_tenant ORDER BY id LIMIT 1"
        ).fetchone()
        return str(row[0])


def _rows(database: str, schema: str) -> list[str]:
    rows = []
    with as_owner(database) as connection:
        for table, columns in ROWS.items():
            query = sql.SQL("SELECT {} FROM {} ORDER BY 1, 2").format(
                sql.SQL(columns), sql.Identifier(schema, table)
            )
            rows += [f"{table}: {row}" for row in connection.execute(query)]
    return rows
