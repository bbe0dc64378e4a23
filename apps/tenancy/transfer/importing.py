"""From an archive to a schema: statements, rows, constraints, in one transaction of the owner's.

Whoever is killed on the way leaves nothing behind. What is made is called `restoring_<number>` until it was verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.core.files.base import ContentFile
from django.db import connections, transaction
from psycopg import sql

from apps.audit.anchors import FOLDER as HEADS
from apps.kernel import databases
from apps.kernel.files import files
from apps.kernel.progress import stage, steps
from apps.kernel.tenant import TenantInfo, activate

from . import blueprint
from .backup_file import BackupFile
from .errors import OwnerIsAbsent
from .exporting import PLACEHOLDER

_OF_THE_FUTURE = re.compile(r"ALTER DEFAULT PRIVILEGES\b")


def load(archive: BackupFile, *, number: int, at: str) -> TenantInfo:
    """A schema with these rows, and the role that alone may use it. Returns who can look into it. What an earlier try
    left behind is dropped. Raises OwnerIsAbsent, and ArchiveAltered after which nothing is left."""
    with as_owner(at) as cursor, _made(cursor, archive, number):
        stage("remap")
        cursor.execute("SELECT tenancy_make_role(%s, %s)", [number, staging(number)])
        (role,) = cursor.fetchone()
    return _looked_into_by(role, archive, number, at)


def lend(archive: BackupFile, *, number: int, at: str, to: str) -> TenantInfo:
    """The same for a while: the schema is the backup worker's, who drops it again, and whoever has the role `to` may
    look into it."""
    with acting(backup_worker(at), at) as cursor, _made(cursor, archive, number, for_good=False):
        cursor.execute(
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
                sql.Identifier(staging(number)), sql.Identifier(to)
            )
        )
    return _looked_into_by(to, archive, number, at)


def backup_worker(at: str) -> str:
    """As whom this process makes what is dropped again: where it has no backup worker it may have the owner."""
    return "backup_worker" if at in databases.having("backup_worker") else "owner"


def staging(number: int) -> str:
    return f"restoring_{number}"


def drop_schema(schema: str, at: str, role: str = "", *, by: str = "owner") -> None:
    with acting(by, at) as cursor:
        drop(cursor, schema)
        if role:
            cursor.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def owned() -> list[str]:
    """The databases in which this process can make schemas."""
    return databases.having("owner")


def as_owner(at: str) -> AbstractContextManager[Any]:
    """A cursor of the owner's in that database, outside of any tenant."""
    return acting("owner", at)


@contextmanager
def acting(role: str, at: str) -> Iterator[Any]:
    """A cursor of the owner's or the backup worker's. Raises OwnerIsAbsent."""
    if at not in databases.having(role):
        raise OwnerIsAbsent(database=at)
    with activate(None), connections[databases.at(role, at)].cursor() as cursor:
        yield cursor


def load_files(archive: BackupFile, tenant: TenantInfo) -> None:
    """The archive's files, under the tenant's own prefix. One that is there already stays as it is; heads of the
    audit log that are newer than the archive's own were written while it was made."""
    chain = archive.manifest["chain"]
    names = [name.removeprefix("files/") for name in archive.names("files")]
    with activate(tenant):
        for name in steps(names, len(names)):
            if not files().exists(name) and not is_head_after(name, chain["number"] if chain else 0):
                files().save(name, ContentFile(archive.read(f"files/{name}")))


def is_head_after(name: str, number: int) -> bool:
    """Whether a file is a head of the audit log that is newer than that segment."""
    folder, _, leaf = name.rpartition("/")
    said = leaf.partition("-")[0]
    return folder == HEADS and said.isdigit() and int(said) > number


@contextmanager
def _made(cursor: Any, archive: BackupFile, number: int, *, for_good: bool = True) -> Iterator[None]:
    """In one transaction with what is done in the block."""
    let_places_pass(cursor, archive.manifest["places"])
    with transaction.atomic(using=cursor.db.alias):
        drop(cursor, staging(number))
        _make(cursor, archive, staging(number), for_good=for_good)
        yield


def _looked_into_by(role: str, archive: BackupFile, number: int, at: str) -> TenantInfo:
    return TenantInfo(
        id=number,
        slug=f"restoring-{number}",
        name=archive.manifest["tenant"]["name"],
        schema=staging(number),
        state="pending",
        role=role,
        database=at,
    )


def _make(cursor: Any, archive: BackupFile, schema: str, *, for_good: bool) -> None:
    """`for_good`: with the rights on what later migrations will make, which only the owner can give."""
    halves = blueprint.halves(archive.read("schema.sql").decode().replace(PLACEHOLDER, schema))
    plain = cursor.cursor  # statements without parameters, in which a percent sign is one
    plain.execute("SET LOCAL check_function_bodies = off")
    plain.execute("\n".join(each for each in halves.before if for_good or not _OF_THE_FUTURE.match(each)))
    tables = archive.manifest["tables"]
    for name in steps(tables, len(tables)):
        _fill(plain, archive, schema, name, tables[name]["columns"])
    plain.execute("\n".join(halves.after))
    for name, last in archive.manifest["sequences"].items():
        if last is not None:
            cursor.execute("SELECT setval(%s::regclass, %s)", [f'{schema}."{name}"', last])
    for name in tables:
        plain.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, name)))


def _fill(cursor: Any, archive: BackupFile, schema: str, table: str, columns: list[str]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(schema, table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    chunks = archive.part(f"tables/{table}.copy")
    first = next(chunks, b"")
    if not first:
        return
    with cursor.copy(statement) as into:
        into.write(first)
        for chunk in chunks:
            into.write(chunk)


def drop(cursor: Any, schema: str) -> None:
    cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))


def rename(cursor: Any, before: str, after: str) -> None:
    cursor.execute(
        sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(after))
    )


def let_places_pass(cursor: Any, places: int) -> None:
    """The audit log is sealed in the order of transactions, so those to come must come after all that the archive
    knows. Only a young server has counted fewer."""
    cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    missing = places + 1 - cursor.fetchone()[0]
    if missing > 0:
        cursor.cursor.execute(
            f"DO $$ BEGIN FOR each IN 1..{missing} LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"
        )
