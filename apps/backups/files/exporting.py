"""Exports a tenant to a backup file: seals the audit log, then reads all tables in one snapshot with the tenant's role.

The tenant's role is sufficient, so backups run without the owner's credentials.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from django.db import connection
from psycopg import sql

from apps.audit import queries as audit
from apps.audit import sealing
from apps.backups.errors import TenantNotMigrated
from apps.backups.hooks import all_carried_data, invariants
from apps.backups.module import MODULE
from apps.backups.schemas import blueprint, catalogue
from apps.kernel.clock import now
from apps.kernel.db.snapshots import snapshot
from apps.kernel.files.store import FileIsMissing, files
from apps.kernel.progress import steps
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import fingerprint
from apps.tenancy.erasure.footprint import file_names
from apps.tenancy.models import Domain, Tenant

from . import outbox
from .backup_file import CHUNK_BYTES, Writer
from .masking import MaskedSchema, Masking

AUDIT_FOLDER = "audit/"
SESSION_FORMAT = """
SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO, YMD'; SET LOCAL intervalstyle TO 'postgres';
SET LOCAL bytea_output TO 'hex'; SET LOCAL extra_float_digits TO 1
"""
"""Checksums are computed from text, so source and target must format values identically."""


def export(
    tenant: TenantInfo,
    to: BinaryIO,
    *,
    masking: Masking = Masking.NONE,
    with_files: bool = False,
    seal: bool = True,
) -> dict[str, Any]:
    """Returns the manifest. Raises TenantNotMigrated.

    with_files  include the tenant's files
    seal        seal the audit log first; False if the caller has locked the tables and sealed it already
    """
    control, ddl = _control(tenant), _blueprint(tenant)
    with Writer(to) as writer:
        with activate(tenant):
            if seal:
                sealing.seal()
            content = _write_content(writer, tenant, masking)
            if with_files:
                _write_files(writer, masking)
        writer.write("schema.sql", ddl.encode())
        return writer.seal(
            {
                **control,
                **content,
                "sequences": catalogue.sequences(tenant),
                "made_at": now().isoformat(),
                "code": MODULE.version,
                "masking": masking,
                "with_files": with_files,
            }
        )


def _write_content(writer: Writer, tenant: TenantInfo, masking: Masking) -> dict[str, Any]:
    """The rows and undelivered events, in one snapshot. Returns their entries in the manifest. A masked export has no
    audit log, and publishes nothing."""
    with formatted_snapshot() as cursor:
        schema = MaskedSchema(tenant.schema, catalogue.tables(cursor, tenant.schema), masking)
        tables = _write_rows(cursor, writer, schema)
        writer.write("events.jsonl", b"" if masking else outbox.undelivered(cursor, tenant.id))
        head = None if masking else audit.head()
        return {
            **tables,
            "invariants": {name: compute() for name, compute in invariants().items()},
            "chain": {"number": head.number, "hash": head.hash} if head else None,
        }


@contextmanager
def formatted_snapshot() -> Iterator[Any]:
    """A snapshot whose values are formatted the same on every server."""
    with snapshot() as cursor:
        cursor.execute(SESSION_FORMAT)
        yield cursor


def _write_rows(cursor: Any, writer: Writer, schema: MaskedSchema) -> dict[str, Any]:
    """Returns their entries in the manifest."""
    tables: dict[str, Any] = {}
    for table in steps(schema.tables, len(schema.tables)):
        counted = schema.checksum(cursor, table)
        with writer.part(f"tables/{table.name}.copy") as part:
            if counted.rows:
                _copy(cursor, schema, table, part.write)
        tables[table.name] = {
            "columns": [column.name for column in table.columns],
            "rows": counted.rows,
            "checksum": counted.checksum,
        }
    return {
        "fingerprint": fingerprint.of_current_schema(cursor),
        "structure": catalogue.structure(cursor, schema.schema),
        "tables": tables,
        "xid_count": schema.count_xids(cursor),
    }


def _copy(cursor: Any, schema: MaskedSchema, table: catalogue.Table, write: Any) -> None:
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(schema.rows(table))
    buffer = bytearray()
    with cursor.cursor.copy(statement) as rows:
        for row in rows:  # libpq returns row by row
            buffer += row
            if len(buffer) > CHUNK_BYTES:
                write(bytes(buffer))
                buffer.clear()
    write(bytes(buffer))


def _blueprint(tenant: TenantInfo) -> str:
    """The statements that create the tenant's schema. Raises TenantNotMigrated."""
    with activate(tenant), connection.cursor() as cursor:
        current = fingerprint.of_current_schema(cursor)
    stored = blueprint.stored(tenant.database)
    if stored.fingerprint != current:
        raise TenantNotMigrated(name=tenant.name)
    return stored.ddl


def _control(tenant: TenantInfo) -> dict[str, Any]:
    """The tenant's data in the platform's tables."""
    with activate(None):
        row = Tenant.objects.get(pk=tenant.id)
        domains = Domain.objects.filter(tenant=row).order_by("pk").values_list("domain", "is_primary")
        return {
            "tenant": json.loads(
                json.dumps(
                    {field.attname: getattr(row, field.attname) for field in Tenant._meta.concrete_fields},
                    default=str,
                )
            ),
            "domains": [[domain, is_primary] for domain, is_primary in domains],
            "carried_data": {name: carried.export(tenant.id) for name, carried in all_carried_data().items()},
        }


def _write_files(writer: Writer, masking: Masking) -> None:
    """A masked export has no audit log, and so none of its files. A file that is deleted meanwhile, such as that of a
    removed attachment, is left out."""
    names = [name for name in file_names() if not (masking and name.startswith(AUDIT_FOLDER))]
    for name in steps(names, len(names)):
        with suppress(FileIsMissing), files().open(name) as content, writer.part(f"files/{name}") as part:
            for chunk in content.chunks(CHUNK_BYTES):
                part.write(chunk)
