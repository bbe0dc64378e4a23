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
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import Error as DatabaseError
from django.db import connections, transaction
from psycopg import sql

from apps.audit import sealing
from apps.backups import queries, rules
from apps.backups.errors import TransferBusy
from apps.backups.exclusion import transfer_lock
from apps.backups.files import exporting, outbox
from apps.backups.files.backup_file import BackupFile
from apps.backups.restores.loading import load_and_verify, migrate_to_current
from apps.backups.schemas import catalogue, owner, replaced
from apps.backups.waiting import wait_until
from apps.kernel.db import databases
from apps.kernel.progress import stage, stages
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy.models import Tenant
from apps.tenancy.placement import tenant_mirror

from .sources import retire_source
from .switching import switch_directory

STAGES = ("export", "move", "remap", "verify", "switch")
"""The stages of a move, for the display of its progress. A failure names its stage."""
LOCK_TIMEOUT_S = 10
"""How long a move waits for open transactions."""
log = logging.getLogger(__name__)


def move(tenant_id: int, to: str) -> Tenant:
    """Moves the tenant, or completes an interrupted move. Raises TenantIsWritable, TransferBusy,
    RestoredDataDiffers."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with transfer_lock(tenant.info), stages(*STAGES):
        tenant.refresh_from_db()
        if tenant.database != to:
            rules.tenant_must_be_movable(tenant, to)
            rules.tenant_must_be_read_only(tenant)
            copy_and_switch(tenant, to)
        retire_source(tenant)
        migrate_to_current(tenant, tenant.fingerprint)
    return tenant


def copy_and_switch(tenant: Tenant, to: str) -> None:
    """Copies the tenant to the target database and updates the directory."""
    stage("export")
    _seal(tenant.info)
    with _write_lock(tenant) as cursor, tempfile.TemporaryFile() as file:
        exporting.export(tenant.info, file, seal=False)
        backup_file = BackupFile(file)
        stage("move")
        made = load_and_verify(backup_file, tenant.pk, to)
        stage("switch")
        owner.put_in_place(made.schema, tenant.schema_name, to)
        outbox.insert(backup_file.read("events.jsonl"), to)
        switch_directory(tenant, to, made.role)
        replaced.set_aside(cursor, tenant, "moved")


def roll_back(tenant_id: int, to: str) -> Tenant:
    """Drops the copy that an abandoned move left in the target database, unless the directory was updated already.

    The rollback never fails: if the target is unavailable or busy, or this process does not own it, `clean_up` drops
    the copy later.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    try:
        with transfer_lock(tenant.info):
            tenant.refresh_from_db()
            if tenant.database != to and to in queries.owned_databases():
                _drop(tenant, to)
    except (DatabaseError, TransferBusy) as last_error:
        log.warning("The copy of %s in %s could not be dropped yet: %s", tenant, to, last_error)
    return tenant


def _drop(tenant: Tenant, to: str) -> None:
    outbox.remove(tenant.pk, to)
    with owner.as_owner(to) as target, transaction.atomic(using=databases.at("owner", to)):
        owner.drop(target, owner.staging(tenant.pk))
        owner.drop(target, tenant.schema_name)
    tenant_mirror.delete(Tenant(pk=tenant.pk, database=to))


@contextmanager
def _write_lock(tenant: Tenant) -> Iterator[Any]:
    """Waits for open writes and blocks new ones until its transaction ends. Uses a separate connection, as the main one
    reads other schemas meanwhile."""
    at = tenant.database
    with owner.as_owner(at):
        lock_connection = connections[databases.at("owner", at)].copy()
    try:
        lock_connection.set_autocommit(False)
        with lock_connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_S}s'")
            tables = catalogue.tables(cursor, tenant.schema_name)
            cursor.execute(
                sql.SQL("LOCK TABLE {} IN SHARE MODE").format(catalogue.names(tenant.schema_name, tables))
            )
            yield cursor
        lock_connection.commit()
    finally:
        lock_connection.close()


def _seal(tenant: TenantInfo) -> None:
    """Seals the audit log as far as open transactions allow. The rest is copied, and sealed in the target database."""
    with activate(tenant):
        wait_until(lambda: not (sealing.seal() or any(sealing.waiting())), LOCK_TIMEOUT_S)
