"""Restores a tenant from a backup file: as a new tenant, or in place.

The data is loaded into a staging schema and verified. The last step renames that schema in one transaction: killed
before it, a restore has changed nothing; killed after it, a restore is completed by running it again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connections, transaction
from django.utils.dateparse import parse_date, parse_datetime
from psycopg import sql

from apps.audit import queries as audit
from apps.audit.anchors import FOLDER as HEADS
from apps.backups.errors import BackupOfAnotherTenant, RestoredDataDiffers, TransferBusy
from apps.backups.files import importing, outbox, verifying
from apps.backups.files.backup_file import BackupFile
from apps.backups.hooks import all_carried_data
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.db.locks import Lock, LockKey, advisory_lock
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.files.store import files
from apps.kernel.progress import stage
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import directory, provisioning, rules
from apps.tenancy.errors import SlugTaken
from apps.tenancy.models import Domain, Tenant, TenantActivity
from apps.tenancy.placement import tenant_mirror

TRANSFER = Lock("transfer:{tenant}")
RETENTION_DAYS = 7
"""How long a replaced schema is retained."""
BEING_RESTORED = "Restore in progress."
SANDBOX_OWNER_EMAIL = "owner@sandbox.invalid"
_SET_ASIDE = re.compile(r"\A(?:before|moved)_\d+_(\d{20})\Z")


def as_new(
    backup_file: BackupFile, *, slug: str, name: str = "", at: str, sandbox_of: Tenant | None = None
) -> Tenant:
    """Restores as a new tenant. It gets its former id if that is free and the slug is the same. While the source tenant
    exists the new one is read-only, so that no event is published and no payment charged twice, until an operator
    changes its mode."""
    rules.slug_must_be_well_formed(slug)
    rules.slug_must_be_free(slug)
    rules.database_must_be_known(at)
    tenant = _reserved(backup_file.manifest, slug, name, at, sandbox_of)
    with transfer_lock(tenant.info), _removed_on_failure(tenant):
        made = load_and_verify(backup_file, tenant.pk, at)
        with importing.as_owner(at) as cursor, transaction.atomic(using=databases.at("owner", at)):
            importing.drop(cursor, tenant.schema_name)  # of an attempt that was killed after this line
            importing.rename(cursor, made.schema, tenant.schema_name)
        tenant.role_name = made.role
        importing.load_files(backup_file, tenant.info)
        migrate_to_current(tenant, backup_file.manifest["fingerprint"])
        if tenant.pk == backup_file.manifest["tenant"]["id"]:
            outbox.insert(backup_file.read("events.jsonl"), at)
        _activate(tenant, backup_file.manifest)
    return tenant


def in_place(backup_file: BackupFile, tenant: Tenant) -> Tenant:
    """Replaces the tenant's data with the backup. Later changes are lost; the replaced schema is retained for
    RETENTION_DAYS. Raises BackupOfAnotherTenant."""
    source = backup_file.manifest["tenant"]
    if (source["id"], parse_datetime(source["created_at"])) != (tenant.pk, tenant.created_at):
        raise BackupOfAnotherTenant(source=source["name"], name=tenant.name)
    with transfer_lock(tenant.info):
        made = load_and_verify(backup_file, tenant.pk, tenant.database)
        swap_schema(tenant, made)
        outbox.remove(tenant.pk, tenant.database)
        outbox.insert(backup_file.read("events.jsonl"), tenant.database, redeliver=True)
        _set_later_anchors_aside(tenant.info)
        importing.load_files(backup_file, tenant.info)
        migrate_to_current(tenant, backup_file.manifest["fingerprint"])
    return tenant


def load_and_verify(backup_file: BackupFile, number: int, at: str) -> TenantInfo:
    """Loads the staging schema and verifies it. On a difference, drops it and raises RestoredDataDiffers."""
    made = importing.load(backup_file, number=number, at=at)
    stage("verify")
    if faults := verifying.faults(backup_file.manifest, made):
        importing.drop_schema(made.schema, at)
        raise RestoredDataDiffers(faults="; ".join(faults))
    return made


@contextmanager
def transfer_lock(tenant: TenantInfo) -> Iterator[None]:
    """Excludes other backups, restores and moves of the tenant. Raises TransferBusy."""
    with activate(None), advisory_lock(lock_of(tenant.id)) as is_acquired:
        if not is_acquired:
            raise TransferBusy(name=tenant.name)
        yield


def lock_of(number: int | str) -> LockKey:
    return TRANSFER.key(tenant=number)


def swap_schema(tenant: Tenant, made: TenantInfo) -> None:
    """Sets the current schema aside and renames the staging schema to its name."""
    at = tenant.database
    with importing.as_owner(at) as cursor, transaction.atomic(using=databases.at("owner", at)):
        set_aside(cursor, tenant, "before")
        importing.rename(cursor, made.schema, tenant.schema_name)
    tenant.role_name = made.role
    tenant.epoch += 1
    tenant.save(update_fields=["role_name", "epoch"])
    directory.changed()


def set_aside(cursor: Any, tenant: Tenant, prefix: str) -> None:
    """Renames the tenant's schema and revokes all privileges, so that sessions waiting for a lock fail as well. `sweep`
    drops it after RETENTION_DAYS."""
    name = f"{prefix}_{tenant.pk}_{now():%Y%m%d%H%M%S%f}"
    importing.rename(cursor, tenant.schema_name, name)
    cursor.execute(
        "SELECT rolname FROM pg_namespace, aclexplode(nspacl) JOIN pg_roles ON pg_roles.oid = grantee"
        " WHERE nspname = %s AND grantee <> nspowner",
        [name],
    )
    schema = sql.Identifier(name)
    for (role,) in cursor.fetchall():
        cursor.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(schema, sql.Identifier(role)))
    cursor.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM bursar_tables").format(schema))


def sweep(at: str, *, by: str = "owner") -> list[str]:
    """Drops schemas of that role that were set aside more than RETENTION_DAYS ago, and staging schemas of killed
    restores. Returns their names."""
    with importing.cursor_as(by, at) as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname ~ '^(before|moved|restoring)_'"
            " AND pg_has_role(nspowner, 'USAGE')"
        )
        names = [name for (name,) in cursor.fetchall()]
    obsolete = [name for name in names if _is_expired(name) or _is_orphaned(name)]
    for name in obsolete:
        importing.drop_schema(name, at, by=by)
    return obsolete


def migrate_to_current(tenant: Tenant, fingerprint: str) -> None:
    """Runs the migrations that are newer than the backup."""
    with activate(None), connections[databases.at("default", tenant.database)].cursor() as cursor:
        cursor.execute("SELECT fingerprint FROM tenancy_blueprint")
        (current,) = cursor.fetchone()
    if fingerprint != current:
        provisioning.migrate_tenant(tenant.info, lambda _: None)
    tenant.fingerprint = current
    tenant.save(update_fields=["fingerprint"])
    directory.changed()


def _reserved(manifest: dict[str, Any], slug: str, name: str, at: str, sandbox_of: Tenant | None) -> Tenant:
    """A pending row for the tenant, or that of an interrupted restore. Raises SlugTaken."""
    source = manifest["tenant"]
    pending = Tenant.objects.filter(slug=slug).first()
    if pending and pending.state_reason != BEING_RESTORED:  # a tenant with this slug is being onboarded
        raise SlugTaken(slug=slug)
    same = sandbox_of is None and slug == source["slug"]
    with unit_of_work():
        tenant = pending or Tenant(
            id=source["id"]
            if same and not Tenant.objects.filter(pk=source["id"]).exists()
            else next_number(),
            slug=slug,
            epoch=source["epoch"] + 1,
            state_reason=BEING_RESTORED,
            created_at=now(),
        )
        if tenant.pk == source["id"]:
            tenant.created_at = parse_datetime(source["created_at"]) or now()
        tenant.name = name or source["name"]
        tenant.owner_email = source["owner_email"] if sandbox_of is None else SANDBOX_OWNER_EMAIL
        tenant.schema_name = f"{settings.TENANT_SCHEMA_PREFIX}{tenant.pk}"
        tenant.database, tenant.region = at, source["region"]
        tenant.sandbox_of = sandbox_of
        tenant.save()
    return tenant


def scratch(number: int) -> TenantInfo:
    """A tenant without a row, for a temporary schema."""
    return TenantInfo(id=number, slug="", name="Restore drill", schema="", state="pending")


def next_number() -> int:
    """Tenant ids come from the sequence of the home database."""
    with connections[databases.at("default", "home")].cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_tenant', 'id'))")
        return int(cursor.fetchone()[0])


@contextmanager
def _removed_on_failure(tenant: Tenant) -> Iterator[None]:
    """A failed restore removes its pending row; a killed one leaves it for the next attempt."""
    try:
        yield
    except Exception:
        with importing.as_owner(tenant.database) as cursor:
            importing.drop(cursor, tenant.schema_name)
        Tenant.objects.filter(pk=tenant.pk, state=Tenant.State.PENDING).delete()
        raise


def _activate(tenant: Tenant, manifest: dict[str, Any]) -> None:
    """Sets state, mode, trial end and domains as in the backup."""
    source = manifest["tenant"]
    is_new = tenant.sandbox_of_id or source["id"] != tenant.pk
    with unit_of_work():
        tenant.state = Tenant.State.ACTIVE if is_new else _restored_state(source["state"])
        tenant.state_reason = f"Restored from the backup of {manifest['made_at']}."
        tenant.state_since = now()
        if not tenant.sandbox_of_id and is_new and Tenant.objects.filter(pk=source["id"]).exists():
            tenant.mode = Tenant.Mode.READ_ONLY
        if not is_new and source["trial_ends_on"]:
            tenant.trial_ends_on = parse_date(source["trial_ends_on"])
        tenant.save()
        names = [] if is_new else [name for name, _ in manifest["domains"]]
        for domain in [f"{tenant.slug}.{settings.BASE_DOMAIN}", *names]:
            is_primary = domain == f"{tenant.slug}.{settings.BASE_DOMAIN}"
            Domain.objects.get_or_create(domain=domain, defaults={"tenant": tenant, "is_primary": is_primary})
        TenantActivity.objects.get_or_create(tenant=tenant)
        tenant_mirror.update(tenant)
    directory.changed()
    for name, carried in all_carried_data().items():
        if name in manifest["carried_data"]:
            carried.restore(tenant.pk, manifest["carried_data"][name])


def _restored_state(state: str) -> Tenant.State:
    """A tenant that was queued for deletion is restored as archived."""
    return Tenant.State.ARCHIVED if state == Tenant.State.DELETING else Tenant.State(state)


def _set_later_anchors_aside(tenant: TenantInfo) -> None:
    """Moves anchors of audit segments that the restore has lost to another folder, where they are retained."""
    with activate(tenant):
        head = audit.head()
        _, names = files().listdir(HEADS)
        for name in [f"{HEADS}/{name}" for name in names]:
            if importing.is_head_after(name, head.number if head else 0):
                with files().open(name) as content:
                    files().save(
                        name.replace(HEADS, f"{HEADS}-lost-{now():%Y%m%d%H%M%S}"), ContentFile(content.read())
                    )
                files().delete(name)


def _is_expired(name: str) -> bool:
    stamp = _SET_ASIDE.match(name)
    if stamp is None:
        return False
    at = dt.datetime.strptime(stamp[1], "%Y%m%d%H%M%S%f").replace(tzinfo=dt.UTC)
    return at < now() - dt.timedelta(days=RETENTION_DAYS)


def _is_orphaned(name: str) -> bool:
    """A staging schema without a running restore."""
    _, _, number = name.partition("restoring_")
    if not number.isdigit():
        return False
    with activate(None), advisory_lock(lock_of(number)) as is_acquired:
        return is_acquired
