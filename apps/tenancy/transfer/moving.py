"""From one database to another, while the tenant may only be read.

    drain     while it still works: what is being told is told
    carry     nobody writes:
        export    sealed, and read in one snapshot
        move      its rows into a schema beside, in the new place
        remap     what belongs to the place and not to the tenant: its role and its rights
        verify    is it there as a whole?
        switch    its name and its news; the directory says the new place
    leave     the schema at the old place goes aside for some days

Whoever is killed before the directory says so has changed nothing: the source is as it was, and what he made elsewhere
is dropped by the next try, or when the journey turns back. Whoever is killed after it has a tenant that works in its
new place, and the next try puts the old schema aside. Primary keys, files and the tenant's id stay as they are: they
are the tenant's own.
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
from django.db import connection, connections, transaction
from psycopg import sql

from apps.audit import sealing
from apps.kernel import databases
from apps.kernel.progress import stage, stages
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import directory, rules
from apps.tenancy.databases import lodgers
from apps.tenancy.models import Tenant

from . import catalogue, exporting, importing, outbox, restoring
from .backup_file import BackupFile
from .errors import OwnerIsAbsent, TenantIsWritable, TransferBusy

STAGES = ("export", "move", "remap", "verify", "switch")
"""How far a move is, as whoever drives it shows. What fails says at which of them."""
LONGEST_WAIT = 10
"""Seconds, for transactions that were there before."""
EVERY = 0.1
log = logging.getLogger(__name__)


def move(tenant_id: int, to: str) -> Tenant:
    """All of it, or what is left of it. Raises TenantStillWorks, TransferBusy and NotWhatWasExported."""
    tenant = Tenant.objects.get(pk=tenant_id)
    with restoring.only_here(tenant.info), stages(*STAGES):
        tenant.refresh_from_db()
        if tenant.database != to:
            must_be_movable(tenant, to)
            must_be_at_rest(tenant)
            carry(tenant, to)
        leave(tenant)
        restoring.catch_up(tenant, tenant.fingerprint)
    return tenant


def must_be_movable(tenant: Tenant, to: str) -> None:
    """Raises DatabaseUnknown, TenantIsPinned and OwnerIsAbsent."""
    rules.tenant_may_be_moved(tenant, to)
    for key in (tenant.database, to):
        if key not in importing.owned():
            raise OwnerIsAbsent(database=key)


def must_be_at_rest(tenant: Tenant) -> None:
    """Raises TenantStillWorks."""
    if tenant.mode == Tenant.Mode.NORMAL and tenant.state in Tenant.OPEN:
        raise TenantIsWritable(name=tenant.name)


def drain(tenant: TenantInfo, seconds: float = 10.0) -> int:
    """Wait so long for what is being told. Returns how much is left: it comes along, and is told at the new place."""
    until = time.monotonic() + seconds
    while (left := _untold(tenant)) and time.monotonic() < until:
        time.sleep(EVERY)
    return left


def carry(tenant: Tenant, to: str) -> None:
    """The whole of it, and the directory says so."""
    stage("export")
    _seal(tenant.info)
    with _fenced(tenant) as cursor, tempfile.TemporaryFile() as file:
        exporting.export(tenant.info, file, seal=False)
        archive = BackupFile(file)
        stage("move")
        made = restoring.load_and_verify(archive, tenant.pk, to)
        stage("switch")
        with importing.as_owner(to) as there, transaction.atomic(using=databases.at("owner", to)):
            importing.drop(there, tenant.schema_name)  # of a try that was killed behind this line
            importing.rename(there, made.schema, tenant.schema_name)
        outbox.insert(archive.read("events.jsonl"), to)
        _say(tenant, to, made.role)
        restoring.set_aside(cursor, tenant, "moved")


def leave(tenant: Tenant) -> None:
    """Wherever it lay before: the schema aside, and nobody there tells its news any more."""
    for key in databases.having("owner"):
        if key == tenant.database:
            continue
        with importing.as_owner(key) as cursor:
            cursor.execute("SELECT to_regnamespace(%s) IS NOT NULL", [tenant.schema_name])
            if cursor.fetchone()[0]:
                with transaction.atomic(using=databases.at("owner", key)):
                    restoring.set_aside(cursor, tenant, "moved")
        outbox.remove(tenant.pk, key)
        lodgers.forget(Tenant(pk=tenant.pk, database=key))


def take_back(tenant_id: int, to: str) -> Tenant:
    """What a move that was given up has brought there goes; where the tenant has arrived, it stays. It is as right
    when nothing came. The tenant must not be kept waiting for a place that is away or busy, or of which this process
    is not the owner: what is left there goes with `clear_away`."""
    tenant = Tenant.objects.get(pk=tenant_id)
    try:
        with restoring.only_here(tenant.info):
            tenant.refresh_from_db()
            if tenant.database != to and to in importing.owned():
                _drop(tenant, to)
    except (DatabaseError, TransferBusy) as last_error:
        log.warning("What came of %s to %s is still there: %s", tenant, to, last_error)
    return tenant


def _drop(tenant: Tenant, to: str) -> None:
    outbox.remove(tenant.pk, to)
    with importing.as_owner(to) as there, transaction.atomic(using=databases.at("owner", to)):
        importing.drop(there, importing.staging(tenant.pk))
        importing.drop(there, tenant.schema_name)
    lodgers.forget(Tenant(pk=tenant.pk, database=to))


def tidy() -> int:
    """Leave what a worker could not, which ended a move that was cut off. Returns how many."""
    left = 0
    for key in importing.owned():
        with databases.skip_if_unreachable(key):
            for tenant in _gone_from(key):
                with restoring.only_here(tenant.info):
                    leave(tenant)
                left += 1
    return left


def _gone_from(key: str) -> Sequence[Tenant]:
    """Whose schema still stands there, and who lies elsewhere."""
    with importing.as_owner(key) as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname ~ %s",
            [f"^{settings.TENANT_SCHEMA_PREFIX}[0-9]+$"],
        )
        names = [name for (name,) in cursor.fetchall()]
    return [*Tenant.objects.filter(schema_name__in=names).exclude(database=key)]


def _say(tenant: Tenant, to: str, role: str) -> None:
    tenant.database, tenant.role_name = to, role
    tenant.epoch += 1
    lodgers.note(tenant)
    tenant.save(update_fields=["database", "role_name", "epoch"])
    directory.changed()


@contextmanager
def _fenced(tenant: Tenant) -> Iterator[Any]:
    """Whoever still writes is waited for, and nobody begins to. It ends with its transaction, however that ends; the
    connection is one of its own, so that other tenants' schemas can be looked into meanwhile."""
    at = tenant.database
    with importing.as_owner(at):
        fence = connections[databases.at("owner", at)].copy()
    try:
        fence.set_autocommit(False)
        with fence.cursor() as cursor:
            names = catalogue.tables(cursor, tenant.schema_name)
            cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_WAIT}s'")
            cursor.execute(
                sql.SQL("LOCK TABLE {} IN SHARE MODE").format(
                    sql.SQL(", ").join(sql.Identifier(tenant.schema_name, name.name) for name in names)
                )
            )
            yield cursor
        fence.commit()
    finally:
        fence.close()


def _seal(tenant: TenantInfo) -> None:
    """As far as transactions of others let it: what is left comes along in its order, and is sealed there."""
    until = time.monotonic() + LONGEST_WAIT
    with activate(tenant):
        while sealing.seal() or any(sealing.waiting()):
            if time.monotonic() > until:
                return
            time.sleep(EVERY)


def _untold(tenant: TenantInfo) -> int:
    with activate(tenant), connection.cursor() as cursor:
        return outbox.count_due(cursor, tenant.id)
