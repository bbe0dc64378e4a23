"""Schemas as created, renamed and dropped by the owner of a database, or by the backup worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections, transaction
from psycopg import sql

from apps.backups.errors import OwnerCredentialsMissing
from apps.kernel.db import databases
from apps.kernel.tenant import activate


def as_owner(at: str) -> AbstractContextManager[Any]:
    """A cursor with the owner's role, without a tenant."""
    return cursor_as("owner", at)


@contextmanager
def cursor_as(role: str, at: str) -> Iterator[Any]:
    """A cursor with the role of the owner or the backup worker. Raises OwnerCredentialsMissing."""
    if at not in databases.having(role):
        raise OwnerCredentialsMissing(database=at)
    with activate(None), connections[databases.at(role, at)].cursor() as cursor:
        yield cursor


def role_for_drills(at: str) -> str:
    """The role that creates temporary schemas: the owner, where no backup worker is configured."""
    return "backup_worker" if at in databases.having("backup_worker") else "owner"


def staging(number: int) -> str:
    """The name of a tenant's schema until it is verified."""
    return f"restoring_{number}"


def exists(cursor: Any, schema: str) -> bool:
    cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [schema])
    return bool(cursor.fetchone()[0])


def rename(cursor: Any, before: str, after: str) -> None:
    cursor.execute(
        sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(after))
    )


def drop(cursor: Any, schema: str) -> None:
    cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def put_in_place(staging_schema: str, schema: str, at: str) -> None:
    """Gives a staging schema its final name. A schema of that name is of an attempt that was killed after this step."""
    with as_owner(at) as cursor, transaction.atomic(using=databases.at("owner", at)):
        drop(cursor, schema)
        rename(cursor, staging_schema, schema)


def drop_schema(schema: str, at: str, role: str = "", *, by: str = "owner") -> None:
    """Drops a schema in that database, and a role of its own."""
    with cursor_as(by, at) as cursor:
        drop(cursor, schema)
        if role:
            cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def set_sequences(cursor: Any, schema: str, values: Mapping[str, int | None]) -> None:
    """Continues each sequence after its last value."""
    for name, last in values.items():
        if last is not None:
            cursor.execute("SELECT setval(%s::regclass, %s)", [f'{schema}."{name}"', last])
