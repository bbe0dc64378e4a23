"""The content of a schema, read from PostgreSQL's catalogue with the role of its tenant."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections
from psycopg import sql

from apps.kernel.db import databases
from apps.kernel.tenant import TenantInfo, activate

XID_TYPE = "xid8"
"""Transaction ids are valid in one database only, so exports preserve just their order."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: str
    required: bool = False

    @property
    def is_xid(self) -> bool:
        return self.type == XID_TYPE

    @property
    def max_length(self) -> int | None:
        """In characters; None if the type has no limit."""
        match = re.search(r"character varying\((\d+)\)", self.type)
        return int(match[1]) if match else None


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]


def tables(cursor: Any, schema: str) -> list[Table]:
    """By name, with their columns, except generated ones."""
    cursor.execute(_COLUMNS, [schema])
    by_table: dict[str, list[Column]] = {}
    for table, *column in cursor.fetchall():
        by_table.setdefault(table, []).append(Column(*column))
    return [Table(name, tuple(columns)) for name, columns in by_table.items()]


def names(schema: str, tables: Sequence[Table]) -> sql.Composed:
    """The qualified names of the tables, for a list in a statement."""
    return sql.SQL(", ").join(sql.Identifier(schema, table.name) for table in tables)


def sequences(tenant: TenantInfo) -> dict[str, int | None]:
    """The last value of each sequence, or None. Read as the platform, as tenant roles have no privilege on
    sequences."""
    with activate(None), connections[databases.at("default", tenant.database)].cursor() as cursor:
        cursor.execute("SELECT * FROM tenancy_sequences(%s)", [tenant.schema])
        return dict(cursor.fetchall())


def structure(cursor: Any, schema: str) -> Mapping[str, str]:
    """Each object of the schema ("trigger ledger_entry.ledger_entry_guard") and the digest of its definition,
    without the name of the schema and of the role."""
    cursor.execute(_OBJECTS, {"schema": schema})
    schema_name = re.compile(rf'"?\b{re.escape(schema)}\b"?')
    return {
        name: hashlib.sha256(schema_name.sub("@", definition).encode()).hexdigest()[:16]
        for name, definition in cursor.fetchall()
    }


def differences(one: Mapping[str, str], other: Mapping[str, str]) -> Sequence[str]:
    """Names of the objects that are missing from one side or defined differently."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


_COLUMNS = """
SELECT relname::text, attname::text, format_type(atttypid, atttypmod), attnotnull
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s)
  AND relkind = 'r' AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY relname::text COLLATE "C", attnum
"""

_OBJECTS = """
WITH home AS (
    SELECT oid, nspacl, nspowner FROM pg_namespace WHERE nspname = %(schema)s
), relation AS (
    SELECT pg_class.* FROM pg_class JOIN home ON relnamespace = home.oid
), role AS (
    SELECT pg_roles.oid, CASE WHEN pg_roles.oid = nspowner THEN 'bursar_owner' ELSE rolname END AS rolname
    FROM pg_roles, home
), rights AS (
    SELECT relation.oid, string_agg(format('%%s %%s', coalesce(role.rolname, 'public'), privilege_type), ', '
        ORDER BY role.rolname, privilege_type) AS privileges
    FROM relation,
        aclexplode(CASE WHEN relkind = 'S' THEN coalesce(relacl, acldefault('s', relowner)) ELSE relacl END)
        LEFT JOIN role ON role.oid = grantee
    GROUP BY relation.oid
)
SELECT 'table ' || relname,
       concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, privileges)
FROM relation LEFT JOIN rights USING (oid) WHERE relkind <> 'i' AND relkind <> 'S'
UNION ALL
SELECT 'column ' || relname || '.' || attname,
       concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attcollation,
                 pg_get_expr(adbin, adrelid))
FROM relation JOIN pg_attribute ON attrelid = relation.oid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind <> 'i' AND relkind <> 'S' AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT 'constraint ' || relname || '.' || conname, concat_ws(' ', pg_get_constraintdef(pg_constraint.oid), convalidated)
FROM pg_constraint JOIN relation ON conrelid = relation.oid
UNION ALL
SELECT 'index ' || relname, concat_ws(' ', pg_get_indexdef(relation.oid), indisvalid)
FROM relation JOIN pg_index ON indexrelid = relation.oid
UNION ALL
SELECT 'trigger ' || relname || '.' || tgname, concat_ws(' ', pg_get_triggerdef(pg_trigger.oid), tgenabled)
FROM pg_trigger JOIN relation ON tgrelid = relation.oid WHERE NOT tgisinternal
UNION ALL
SELECT 'policy ' || tablename || '.' || policyname, concat_ws(' ', permissive, roles, cmd, qual, with_check)
FROM pg_policies WHERE schemaname = %(schema)s
UNION ALL
SELECT 'sequence ' || relname, concat_ws(' ', format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax,
       seqcycle, privileges)
FROM relation JOIN pg_sequence ON seqrelid = relation.oid LEFT JOIN rights USING (oid)
UNION ALL
SELECT 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
       concat_ws(' ', pg_get_functiondef(pg_proc.oid), (
           SELECT string_agg(format('%%s %%s', coalesce(role.rolname, 'public'), privilege_type), ', '
                  ORDER BY role.rolname, privilege_type)
           FROM aclexplode(proacl) LEFT JOIN role ON role.oid = grantee))
FROM pg_proc JOIN home ON pronamespace = home.oid
UNION ALL
SELECT 'schema', string_agg(format('%%s %%s', CASE WHEN rolname LIKE 'bursar\\_t\\_%%' THEN 'tenant' ELSE
       coalesce(rolname, 'public') END, privilege_type), ', ' ORDER BY rolname LIKE 'bursar\\_t\\_%%', rolname,
       privilege_type)
FROM home, aclexplode(nspacl) LEFT JOIN role ON role.oid = grantee
"""
"""Default privileges are left out, as every blueprint has the same. The owner of the schema is always shown as
bursar_owner: in a restore drill it is the backup worker."""
