"""From a tenant to an archive: sealed, then read in one snapshot, as the tenant's own role.

Nobody but the tenant's role may look into its schema, and it needs no more to read it. So a backup is made wherever
the runtime runs, without the owner's password.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from django.db import connection, connections, transaction
from psycopg import sql

from apps.audit import queries as audit
from apps.audit import sealing
from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.files import files
from apps.kernel.progress import steps
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.erasure.footprint import file_names
from apps.tenancy.hooks import goes_along, proofs
from apps.tenancy.models import Domain, Tenant
from apps.tenancy.module import MODULE

from . import catalogue, outbox
from .backup_file import CHUNK, Writer
from .errors import TenantNotMigrated
from .masking import Disguise, Leaving

OF_THE_AUDIT_LOG = "audit/"
PLACEHOLDER = "bursar_template"
"""What stands in schema.sql for the name of the schema."""
READ_ALIKE = """
SET LOCAL timezone TO 'UTC'; SET LOCAL datestyle TO 'ISO, YMD'; SET LOCAL intervalstyle TO 'postgres';
SET LOCAL bytea_output TO 'hex'; SET LOCAL extra_float_digits TO 1
"""
"""A checksum is of texts, so both ends must write them in the same way."""


def export(
    tenant: TenantInfo,
    to: BinaryIO,
    *,
    disguise: Disguise = Disguise.NONE,
    with_files: bool = False,
    seal: bool = True,
) -> dict[str, Any]:
    """Write the tenant to the file. Returns the manifest. Raises TenantNotMigrated.

    with_files  the files of the object store as well
    seal        the audit log first; whoever has locked the tables has done it before
    """
    control, ddl = _control(tenant), _blueprint(tenant)
    with Writer(to) as archive:
        with activate(tenant):
            if seal:
                sealing.seal()
            with one_view() as cursor:
                leaving = Leaving(tenant.schema, catalogue.tables(cursor, tenant.schema), disguise)
                said = _write_rows(cursor, archive, leaving)
                archive.write("schema.sql", ddl.encode())
                archive.write("events.jsonl", outbox.undelivered(cursor, tenant.id) if not disguise else b"")
                proved = {name: prove() for name, prove in proofs().items()}
                head = audit.head() if not disguise else None
            if with_files:
                _write_files(archive, disguise)
        return archive.seal(
            {
                **control,
                **said,
                "sequences": catalogue.sequences(tenant),
                "made_at": now().isoformat(),
                "code": MODULE.version,
                "disguise": disguise,
                "with_files": with_files,
                "proofs": proved,
                "chain": {"number": head.number, "hash": head.hash} if head else None,
            }
        )


@contextmanager
def one_view() -> Iterator[Any]:
    """A cursor in one snapshot, in which every read is of the same moment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # the connection finds its tenant before the transaction begins
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute(READ_ALIKE)
        yield cursor


def _write_rows(cursor: Any, archive: Writer, leaving: Leaving) -> dict[str, Any]:
    """Returns what the manifest says of them."""
    said: dict[str, Any] = {}
    for table in steps(leaving.tables, len(leaving.tables)):
        counted = leaving.sum(cursor, table)
        with archive.part(f"tables/{table.name}.copy") as part:
            if counted.rows:
                _copy(cursor, leaving, table, part.write)
        said[table.name] = {
            "columns": [column.name for column in table.columns],
            "rows": counted.rows,
            "checksum": counted.checksum,
        }
    return {
        "fingerprint": catalogue.fingerprint(cursor),
        "structure": catalogue.structure(cursor, leaving.schema),
        "tables": said,
        "places": leaving.highest_place(cursor),
    }


def _copy(cursor: Any, leaving: Leaving, table: catalogue.Table, write: Any) -> None:
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(leaving.rows(table))
    waiting = bytearray()
    with cursor.cursor.copy(statement) as rows:
        for row in rows:  # libpq hands over row by row
            waiting += row
            if len(waiting) > CHUNK:
                write(bytes(waiting))
                waiting.clear()
    write(bytes(waiting))


def _blueprint(tenant: TenantInfo) -> str:
    """The statements that make such a schema, from the tenant's own database."""
    with activate(tenant), connection.cursor() as cursor:
        mine = catalogue.fingerprint(cursor)
    with activate(None), connections[databases.at("default", tenant.database)].cursor() as cursor:
        cursor.execute("SELECT ddl FROM tenancy_blueprint WHERE fingerprint = %s", [mine])
        found = cursor.fetchone()
    if found is None:
        raise TenantNotMigrated(name=tenant.name)
    return str(found[0])


def _control(tenant: TenantInfo) -> dict[str, Any]:
    """What the platform knows of it."""
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
            "along": {name: each.take(tenant.id) for name, each in goes_along().items()},
        }


def _write_files(archive: Writer, disguise: Disguise) -> None:
    """Those of the audit log stay where the audit log stays."""
    names = [each for each in file_names() if not (disguise and each.startswith(OF_THE_AUDIT_LOG))]
    for name in steps(names, len(names)):
        with files().open(name) as content, archive.part(f"files/{name}") as part:
            for chunk in content.chunks(CHUNK):
                part.write(chunk)
