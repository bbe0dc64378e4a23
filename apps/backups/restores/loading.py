"""The steps that every restore and move has in common: load and verify, and migrate to the running version."""

from __future__ import annotations

from apps.backups.errors import RestoredDataDiffers
from apps.backups.files import importing, verifying
from apps.backups.files.backup_file import BackupFile
from apps.backups.schemas import blueprint, owner
from apps.kernel.progress import stage
from apps.kernel.tenant import TenantInfo
from apps.tenancy import directory, provisioning
from apps.tenancy.models import Tenant


def load_and_verify(backup_file: BackupFile, number: int, at: str) -> TenantInfo:
    """Loads the staging schema and verifies it. On a difference, drops it and raises RestoredDataDiffers."""
    made = importing.load(backup_file, number=number, at=at)
    stage("verify")
    try:
        verifying.content_must_be_equal(backup_file.manifest, made)
    except RestoredDataDiffers:
        owner.drop_schema(made.schema, at)
        raise
    return made


def migrate_to_current(tenant: Tenant, fingerprint: str) -> None:
    """Runs the migrations that are newer than the backup."""
    current = blueprint.stored(tenant.database).fingerprint
    if fingerprint != current:
        provisioning.migrate_tenant(tenant.info, lambda _: None)
    tenant.fingerprint = current
    tenant.save(update_fields=["fingerprint"])
    directory.changed()
