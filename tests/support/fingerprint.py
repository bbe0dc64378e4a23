"""What a database of the suite is, apart from its rows: its catalogue, and the server's settings for it.

`Catalogue` answers in two steps. PostgreSQL counts the tuples that are inserted, updated and deleted in each table of
its catalogue, so equal counts mean an unchanged catalogue, at the cost of one short query. Where the counts differ
(also after DDL that was rolled back), every column of every catalogue table is compared: tables, columns, defaults,
constraints, triggers and their state, functions and their sources, policies, row security, owners and grants.

`settings_of_server` is small and compared each time: PostgreSQL counts the tuples of tables that all databases share
together, so those counts say nothing about one database.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from .rows import only_row

_SELF_MAINTAINED = {
    "pg_class": {"relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid"},
}
"""Columns written by ANALYZE, VACUUM and index builds."""
_TEMPORARY = {"pg_namespace": "nspname !~ '^pg_(toast_)?temp_'"}
"""A session's schema of temporary tables stays when it ends."""
_IGNORED = ("pg_statistic", "pg_statistic_ext_data", "pg_depend", "pg_shdepend", "pg_largeobject")
"""Statistics, and catalogues derived from the other tables. No role may create large objects."""

_CATALOGUE_TABLES = """
SELECT c.oid, c.relname, array_agg(a.attname ORDER BY a.attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relisshared AND c.relname <> ALL (%s)
GROUP BY c.oid, c.relname
"""
_COUNTS = """
SELECT oid, pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)
FROM unnest(%s::oid[]) AS oid
"""
_TENANT_ROLES = "rolname LIKE 'bursar\\_t\\_%'"
"""Other workers create and drop these roles at the same time, so they are no property of this database."""
_SERVER = f"""
WITH roles AS (SELECT * FROM pg_authid WHERE NOT ({_TENANT_ROLES}))
SELECT 'attributes of role ' || rolname, to_jsonb(roles) - '{{oid,rolpassword}}'::text[] FROM roles
UNION ALL
SELECT 'members of role ' || granted.rolname, jsonb_agg(jsonb_build_array(member.rolname, m.admin_option,
        m.inherit_option, m.set_option) ORDER BY member.rolname, m.grantor)
    FROM pg_auth_members m JOIN roles granted ON granted.oid = m.roleid JOIN roles member ON member.oid = m.member
    GROUP BY granted.rolname
UNION ALL
SELECT 'settings of ' || CASE WHEN setrole = 0 THEN 'the database' ELSE 'role ' || setrole::regrole END,
        to_jsonb(setconfig)
    FROM pg_db_role_setting LEFT JOIN pg_database here ON here.oid = setdatabase
    WHERE (setdatabase = 0 OR here.datname = current_database())
        AND (setrole = 0 OR setrole IN (SELECT oid FROM roles))
UNION ALL
SELECT 'grants on the database', to_jsonb(datacl::text[]) || to_jsonb(datdba::regrole::text)
    FROM pg_database WHERE datname = current_database()
"""


def counts(connection: psycopg.Connection, tables: list[int]) -> dict[int, int]:
    """How many tuples were written in each table since the server started, by the table's oid."""
    return dict(connection.execute(_COUNTS, [tables]).fetchall())


def settings_of_server(connection: psycopg.Connection) -> dict[str, object]:
    """Roles of the product, their memberships and settings, and settings and grants of the connected database."""
    return dict(connection.execute(_SERVER).fetchall())


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The names of what was added, removed or changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


class Catalogue:
    """The catalogue of the connected database, as it is when this is made. The connection is a superuser's.

    `content` is `read_catalogue` of a database that this one is an untouched copy of, so that it is read once.
    """

    def __init__(self, connection: psycopg.Connection, content: Mapping[str, object]) -> None:
        self._connection, self._content = connection, content
        self._names = {oid: name for oid, name, _ in _catalogue_tables(connection)}
        self._counts = counts(connection, list(self._names))
        self._begun = self._next_transaction()

    def changes(self) -> list[str]:
        """What is different now, each as `catalogue table: object`; empty if nothing is."""
        now = counts(self._connection, list(self._names))
        if now == self._counts:
            return []
        content, self._counts = read_catalogue(self._connection), now
        changes = [
            f"{table}: {', '.join(self._written_in(table)) or 'a row was removed'}"
            for table in differences(self._content, content)
        ]
        self._begun = (
            self._next_transaction()
        )  # rows written so far are equal ones, and would hide later changes
        return changes

    def _next_transaction(self) -> str:
        (number,) = only_row(self._connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))
        return str(number)

    def _written_in(self, table: str) -> list[str]:
        """Up to three objects whose rows are newer than this fingerprint."""
        has_oid = table in {"pg_attribute", "pg_index"}
        column = {"pg_attribute": "attrelid", "pg_index": "indexrelid"}.get(table, "oid")
        number = sql.SQL("attnum") if table == "pg_attribute" else sql.SQL("0")
        of = sql.SQL("'pg_class'::regclass") if has_oid else sql.SQL("tableoid")
        query = sql.SQL(
            "SELECT pg_describe_object({of}, {column}, {number}) FROM {table}"
            " WHERE age(xmin) <= age(%s::xid) ORDER BY 1 LIMIT 3"
        ).format(of=of, column=sql.Identifier(column), number=number, table=sql.Identifier(table))
        try:
            rows = self._connection.execute(query, [self._begun]).fetchall()
        except psycopg.errors.UndefinedColumn:  # a table whose rows are no objects of their own
            return ["a row was written"]
        return [described for (described,) in rows if described]


def read_catalogue(connection: psycopg.Connection) -> dict[str, object]:
    """By catalogue table, the number and a hash of its rows."""
    query = sql.SQL(" UNION ALL ").join(
        _content_of(name, [column for column in columns if column not in _SELF_MAINTAINED.get(name, ())])
        for _, name, columns in _catalogue_tables(connection)
    )
    return dict(connection.execute(query).fetchall())


def _catalogue_tables(connection: psycopg.Connection) -> list[tuple[int, str, list[str]]]:
    return connection.execute(_CATALOGUE_TABLES, [list(_IGNORED)]).fetchall()


def _content_of(table: str, columns: list[str]) -> sql.Composed:
    return sql.SQL(
        "SELECT {name}, (count(*), sum(hashtextextended(ROW({columns})::text, 0)))::text FROM {table} WHERE {where}"
    ).format(
        name=sql.Literal(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        where=sql.SQL(_TEMPORARY.get(table, "true")),
        table=sql.Identifier("pg_catalog", table),
    )
