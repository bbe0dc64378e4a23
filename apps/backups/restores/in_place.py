"""Restores a tenant in place: a backup replaces its data.

The tenant is in maintenance from before its schema is replaced until the last step, so that a restore that is killed or
fails in between leaves a closed tenant. Repeating the restore completes it; then an operator ends the maintenance.
"""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.dateparse import parse_datetime

from apps.audit import queries as audit
from apps.audit.anchors import FOLDER as HEADS
from apps.backups.errors import BackupOfAnotherTenant
from apps.backups.exclusion import transfer_lock
from apps.backups.files import importing, outbox
from apps.backups.files.backup_file import BackupFile
from apps.backups.schemas import owner, replaced
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.files.store import files
from apps.kernel.tenant import TenantInfo, activate
from apps.tenancy import directory
from apps.tenancy.models import Tenant
from apps.tenancy.states import Mode

from .loading import load_and_verify, migrate_to_current


def restore_in_place(backup_file: BackupFile, tenant: Tenant) -> Tenant:
    """Later changes are lost; the replaced schema is retained for some days. Raises BackupOfAnotherTenant."""
    _must_be_of(backup_file, tenant)
    with transfer_lock(tenant.info):
        made = load_and_verify(backup_file, tenant.pk, tenant.database)
        mode = _close(tenant)
        swap_schema(tenant, made)
        outbox.remove(tenant.pk, tenant.database)
        outbox.insert(backup_file.read("events.jsonl"), tenant.database, redeliver=True)
        _set_later_anchors_aside(tenant.info)
        importing.load_files(backup_file, tenant.info)
        migrate_to_current(tenant, backup_file.manifest["fingerprint"])
        _set_mode(tenant, mode)
    return tenant


def _close(tenant: Tenant) -> Mode:
    """Returns the mode before."""
    tenant.refresh_from_db(fields=["mode"])
    mode = Mode(tenant.mode)
    _set_mode(tenant, Mode.MAINTENANCE)
    return mode


def _set_mode(tenant: Tenant, mode: Mode) -> None:
    """Loading takes long, so the row may have changed."""
    tenant.refresh_from_db(fields=["mode", "epoch"])
    tenant.set_mode(mode)
    directory.changed()


def swap_schema(tenant: Tenant, made: TenantInfo) -> None:
    """Sets the current schema aside and renames the staging schema to its name."""
    at = tenant.database
    with owner.as_owner(at) as cursor, transaction.atomic(using=databases.at("owner", at)):
        replaced.set_aside(cursor, tenant, "before")
        owner.rename(cursor, made.schema, tenant.schema_name)
    tenant.role_name = made.role
    tenant.epoch += 1
    tenant.save(update_fields=["role_name", "epoch"])
    directory.changed()


def _must_be_of(backup_file: BackupFile, tenant: Tenant) -> None:
    source = backup_file.manifest["tenant"]
    if (source["id"], parse_datetime(source["created_at"])) != (tenant.pk, tenant.created_at):
        raise BackupOfAnotherTenant(source=source["name"], name=tenant.name)


def _set_later_anchors_aside(tenant: TenantInfo) -> None:
    """Moves anchors of audit segments that the restore has lost to another folder, where they are retained."""
    folder = f"{HEADS}-lost-{now():%Y%m%d%H%M%S}"
    with activate(tenant):
        head = audit.head()
        _, names = files().listdir(HEADS)
        for name in names:
            if importing.is_head_after(f"{HEADS}/{name}", head.number if head else 0):
                _move_file(f"{HEADS}/{name}", f"{folder}/{name}")


def _move_file(before: str, after: str) -> None:
    with files().open(before) as content:
        files().save(after, ContentFile(content.read()))
    files().delete(before)
