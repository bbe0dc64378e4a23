"""The fingerprint of a schema: a digest of the migrations that were applied to it.

Schemas with the same migrations have the same fingerprint in every database, whatever its collation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import sql

SCHEMAS_PER_QUERY = 250

_DIGEST = (
    "SELECT {}, coalesce(md5(string_agg(app || '.' || name, ',' ORDER BY app COLLATE \"C\", name COLLATE \"C\")), '')"
    " FROM {}"
)
_TABLE = "django_migrations"
_MIGRATED_SCHEMAS = f"""
SELECT nspname::text FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
WHERE relname = '{_TABLE}' AND nspname = ANY(%s)
"""  # noqa: S608 - the name of Django's table


def of_current_schema(cursor: Any) -> str:
    cursor.execute(_digest("", sql.Identifier(_TABLE)))
    fingerprint: str = cursor.fetchone()[1]
    return fingerprint


def of_schemas(cursor: Any, names: Sequence[str]) -> dict[str, str]:
    """By name, without schemas that were never migrated. One query for hundreds of schemas."""
    cursor.execute(_MIGRATED_SCHEMAS, [list(names)])
    migrated = [name for (name,) in cursor.fetchall()]
    fingerprints: dict[str, str] = {}
    for first in range(0, len(migrated), SCHEMAS_PER_QUERY):
        digests = [
            _digest(name, sql.Identifier(name, _TABLE))
            for name in migrated[first : first + SCHEMAS_PER_QUERY]
        ]
        cursor.execute(sql.SQL(" UNION ALL ").join(digests))
        fingerprints.update(cursor.fetchall())
    return fingerprints


def _digest(label: str, table: sql.Identifier) -> sql.Composed:
    return sql.SQL(_DIGEST).format(sql.Literal(label), table)
