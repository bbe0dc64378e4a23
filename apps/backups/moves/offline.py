"""Moves a tenant to another database while it is read-only.

    copy_and_switch  with a lock against writes:
        export       seal the audit log and read all tables in one snapshot
        move         copy the rows to a staging schema in the target database
        remap        create the tenant's role and its privileges there
        verify       compare the staging schema with the source
        switch       rename the staging schema, insert undelivered events, update the directory
    retire_source    set the schema in the source database aside for some days

If the process is killed before the directory is updated, the source is unchanged, and the next attempt or the rollback
drops the staging schema. If it is killed later, the tenant works in the target database, and the next attempt retires
the source. Primary keys, files and the tenant's id do not change.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections, transaction
from psycopg import sql

from apps.audit import sealing
from apps.backups import queries, rules
from apps.backups.errors import TransferBusy
from apps.backups.files import exporting, importing, outbox
from apps.backups.files.backup_file import BackupFile
from apps.backups.restores import restoring
from apps.backups.schemas import catalogue
from apps.kernel.db import databases
from apps.kernel.progress import stage, stages
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import directory
from apps.tenancy.models import Tenant
from apps.tenancy.placement import tenant_mirror

STAGES = ("export", "move", "remap", "verify", "switch")
"""The stages of a move, for the display of its progress. A failure names its stage."""
LOCK_TIMEOUT_S = 10
"""How long a move waits for open transactions."""
POLL_INTERVAL_S = 0.1
log = logging.getLogger(__name__)


def move(tenant_id: int, to: str) -> Tenant:
    """Moves the tenant, or completes an interrupted move. Raises TenantIsWritable, TransferBusy,
    RestoredDataDiffers."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with restoring.transfer_lock(tenant.info), stages(*STAGES):
        tenant.refresh_from_db()
        if tenant.database != to:
            rules.tenant_must_be_movable(tenant, to)
            rules.tenant_must_be_read_only(tenant)
            copy_and_switch(tenant, to)
        retire_source(tenant)
        restoring.migrate_to_current(tenant, tenant.fingerprint)
    return tenant


def copy_and_switch(tenant: Tenant, to: str) -> None:
    """Copies the tenant to the target database and updates the directory."""
    stage("export")
    _seal(tenant.info)
    with _write_lock(tenant) as cursor, tempfile.TemporaryFile() as file:
        exporting.export(tenant.info, file, seal=False)
        backup_file = BackupFile(file)
        stage("move")
        made = restoring.load_and_verify(backup_file, tenant.pk, to)
        stage("switch")
        with importing.as_owner(to) as there, transaction.atomic(using=databases.at("owner", to)):
            importing.drop(there, tenant.schema_name)  # of an attempt that was killed after this line
            importing.rename(there, made.schema, tenant.schema_name)
        outbox.insert(backup_file.read("events.jsonl"), to)
        _update_directory(tenant, to, made.role)
        restoring.set_aside(cursor, tenant, "moved")


def retire_source(tenant: Tenant) -> None:
    """Sets the tenant's schema aside and deletes its undelivered events in every database but its current one."""
    for key in databases.having("owner"):
        if key == tenant.database:
            continue
        with importing.as_owner(key) as cursor:
            cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [tenant.schema_name])
            if cursor.fetchone()[0]:
                with transaction.atomic(using=databases.at("owner", key)):
                    restoring.set_aside(cursor, tenant, "moved")
        outbox.remove(tenant.pk, key)
        tenant_mirror.delete(Tenant(pk=tenant.pk, database=key))


def roll_back(tenant_id: int, to: str) -> Tenant:
    """Drops the copy that an abandoned move left in the target database, unless the directory was updated already.

    The rollback never fails: if the target is unavailable or busy, or this process does not own it, `clean_up` drops
    the copy later.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    try:
        with restoring.transfer_lock(tenant.info):
            tenant.refresh_from_db()
            if tenant.database != to and to in queries.owned_databases():
                _drop(tenant, to)
    except (DatabaseError, TransferBusy) as last_error:
        log.warning("The copy of %s in %s could not be dropped yet: %s", tenant, to, last_error)
    return tenant


def _drop(tenant: Tenant, to: str) -> None:
    outbox.remove(tenant.pk, to)
    with importing.as_owner(to) as there, transaction.atomic(using=databases.at("owner", to)):
        importing.drop(there, importing.staging(tenant.pk))
        importing.drop(there, tenant.schema_name)
    tenant_mirror.delete(Tenant(pk=tenant.pk, database=to))


def retire_sources() -> int:
    """Retires sources of moves that were completed without access to the source database. Returns how many."""
    count = 0
    for key in queries.owned_databases():
        with databases.skip_if_unreachable(key):
            for tenant in _moved_from(key):
                with restoring.transfer_lock(tenant.info):
                    retire_source(tenant)
                count += 1
    return count


def _moved_from(key: str) -> Sequence[Tenant]:
    """Tenants that have a schema in this database, but are in another one by the directory."""
    with importing.as_owner(key) as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s",
            [f"^{settings.TENANT_SCHEMA_PREFIX}[0-9]+$"],
        )
        names = [name for (name,) in cursor.fetchall()]
    return [*Tenant.objects.filter(schema_name__in=names).exclude(database=key)]


def _update_directory(tenant: Tenant, to: str, role: str) -> None:
    tenant.database, tenant.role_name = to, role
    tenant.epoch += 1
    tenant_mirror.update(tenant)
    tenant.save(update_fields=["database", "role_name", "epoch"])
    directory.changed()


@contextmanager
def _write_lock(tenant: Tenant) -> Iterator[Any]:
    """Waits for open writes and blocks new ones until its transaction ends. Uses a separate connection, as the main one
    reads other schemas meanwhile."""
    at = tenant.database
    with importing.as_owner(at):
        lock_connection = connections[databases.at("owner", at)].copy()
    try:
        lock_connection.set_autocommit(False)
        with lock_connection.cursor() as cursor:
            tables = catalogue.tables(cursor, tenant.schema_name)
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
            cursor.execute(
                sql.SQL("LOCK TABLE {} IN SHARE MODE").format(
                    sql.SQL(", ").join(sql.Identifier(tenant.schema_name, table.name) for table in tables)
                )
            )
            yield cursor
        lock_connection.commit()
    finally:
        lock_connection.close()


def _seal(tenant: TenantInfo) -> None:
    """Seals the audit log as far as open transactions allow. The rest is copied, and sealed in the target database."""
    until = time.monotonic() + LOCK_TIMEOUT_S
    with activate(tenant):
        while sealing.seal() or any(sealing.waiting()):
            if time.monotonic() > until:
                return
            time.sleep(POLL_INTERVAL_S)
