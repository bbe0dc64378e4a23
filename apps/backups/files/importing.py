"""Imports a backup file into a staging schema, in one transaction of the owner's.

An interrupted import leaves nothing behind. The schema is named `restoring_<number>` until it is verified.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from psycopg import sql

from apps.audit.anchors import FOLDER as HEADS
from apps.backups.schemas import blueprint, owner, transaction_ids
from apps.kernel.files.store import files
from apps.kernel.notation import is_whole_number
from apps.kernel.progress import stage, steps
from apps.kernel.tenant import TenantInfo, activate

from .backup_file import BackupFile

_DEFAULT_PRIVILEGES = re.compile(r"ALTER DEFAULT PRIVILEGES\b")


def load(backup_file: BackupFile, *, number: int, at: str) -> TenantInfo:
    """Creates the staging schema and the tenant's role. A staging schema of an earlier attempt is dropped. Raises
    OwnerCredentialsMissing and BackupFileAltered."""
    with owner.as_owner(at) as cursor, _staged(cursor, backup_file, number):
        stage("remap")
        cursor.execute("SELECT tenancy_make_role(%s, %s)", [number, owner.staging(number)])
        (role,) = cursor.fetchone()
    return _readable_by(role, backup_file, number, at)


def load_for_drill(backup_file: BackupFile, *, number: int, at: str, to: str) -> TenantInfo:
    """Creates a temporary schema that is owned by the backup worker and readable by the role `to`."""
    with (
        owner.cursor_as(owner.role_for_drills(at), at) as cursor,
        _staged(cursor, backup_file, number, permanent=False),
    ):
        cursor.execute(
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
                sql.Identifier(owner.staging(number)), sql.Identifier(to)
            )
        )
    return _readable_by(to, backup_file, number, at)


def load_files(backup_file: BackupFile, tenant: TenantInfo) -> None:
    """Stores the files under the tenant's prefix, except existing ones, and except anchors of the audit log that were
    written during the backup."""
    chain = backup_file.manifest["chain"]
    names = [name.removeprefix("files/") for name in backup_file.names("files")]
    with activate(tenant):
        for name in steps(names, len(names)):
            if not files().exists(name) and not is_head_after(name, chain["number"] if chain else 0):
                files().save(name, ContentFile(backup_file.read(f"files/{name}")))


def is_head_after(name: str, number: int) -> bool:
    """Whether a file is an anchor of a later segment of the audit log."""
    folder, _, leaf = name.rpartition("/")
    segment = leaf.partition("-")[0]
    return folder == HEADS and is_whole_number(segment) and int(segment) > number


@contextmanager
def _staged(cursor: Any, backup_file: BackupFile, number: int, *, permanent: bool = True) -> Iterator[None]:
    """Creates the schema in one transaction with the block."""
    transaction_ids.advance(cursor, backup_file.manifest["xid_count"])
    with transaction.atomic(using=cursor.db.alias):
        owner.drop(cursor, owner.staging(number))
        _make(cursor, backup_file, owner.staging(number), permanent=permanent)
        yield


def _readable_by(role: str, backup_file: BackupFile, number: int, at: str) -> TenantInfo:
    return TenantInfo(
        id=number,
        slug=f"restoring-{number}",
        name=backup_file.manifest["tenant"]["name"],
        schema=owner.staging(number),
        state="pending",
        role=role,
        database=at,
    )


def _make(cursor: Any, backup_file: BackupFile, schema: str, *, permanent: bool) -> None:
    """permanent  with default privileges for later migrations, which only the owner can grant"""
    halves = blueprint.halves(backup_file.read("schema.sql").decode(), schema)
    plain = cursor.cursor  # psycopg's cursor: no parameters, so % needs no escaping
    plain.execute("SET LOCAL check_function_bodies = off")
    plain.execute(
        "\n".join(
            statement for statement in halves.before if permanent or not _DEFAULT_PRIVILEGES.match(statement)
        )
    )
    tables = backup_file.manifest["tables"]
    for name in steps(tables, len(tables)):
        _fill(plain, backup_file, schema, name, tables[name]["columns"])
    plain.execute("\n".join(halves.after))
    owner.set_sequences(cursor, schema, backup_file.manifest["sequences"])
    for name in tables:
        plain.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(schema, name)))


def _fill(cursor: Any, backup_file: BackupFile, schema: str, table: str, columns: list[str]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(schema, table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    chunks = backup_file.part(f"tables/{table}.copy")
    first = next(chunks, b"")
    if not first:
        return
    with cursor.copy(statement) as into:
        into.write(first)
        for chunk in chunks:
            into.write(chunk)
