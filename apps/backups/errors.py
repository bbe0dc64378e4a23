"""Refusals of backups, restores, clones and moves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Unavailable


class BackupFileMissing(NotFound, code="tenancy.backup_file_missing"):
    message = _("There is no backup file {storage_key}.")


class BackupFileUnreadable(Invalid, code="tenancy.backup_file_unreadable"):
    message = _("{storage_key} is not a valid backup file: {reason}.")


class BackupFileAltered(Conflict, code="tenancy.backup_file_altered"):
    message = _(
        "The backup file is damaged or was changed: {part} does not match its checksum. Use another backup."
    )


class BackupFileSignatureInvalid(Conflict, code="tenancy.backup_file_signature_invalid"):
    """A restore executes SQL of the file as the owner, so the file must be signed."""

    message = _("The signature of the backup file is invalid: it needs the key {key_id!r} of AUDIT_KEYS.")


class TenantNotMigrated(Unavailable, code="tenancy.tenant_not_migrated"):
    message = _("The schema of {name} is not migrated: run `manage.py migrate_schemas` first.")


class TransferBusy(Conflict, code="tenancy.transfer_busy"):
    message = _("{name} is being backed up, restored or moved by another process.")


class RestoredDataDiffers(Conflict, code="tenancy.restored_data_differs"):
    message = _("The restored data differs from the exported data, and was removed: {faults}")


class OwnerCredentialsMissing(Unavailable, code="tenancy.owner_credentials_missing"):
    message = _(
        "Schemas of {database!r} can only be created where DATABASE_OWNER_URL is set, or DATABASE_BACKUP_URL for a"
        " restore drill."
    )


class PolicyIsNegative(Invalid, code="tenancy.policy_is_negative"):
    message = _("Hours, days and counts must not be negative; 0 = platform default.")


class TenantIsWritable(Conflict, code="tenancy.tenant_is_writable"):
    message = _("{name} must be read-only while it is moved.")


class BackupUnknown(NotFound, code="tenancy.backup_unknown"):
    message = _("There is no backup {number}.")


class BackupIsUnfinished(Conflict, code="tenancy.backup_is_unfinished"):
    message = _("A backup of {name} is waiting or running already.")
    enforced_by = ("one_waiting_backup_per_tenant",)


class RestoreDrillIsWaiting(Conflict, code="tenancy.restore_drill_is_waiting"):
    message = _("A restore drill is waiting already. Verify this backup after it.")
    enforced_by = ("one_waiting_restore_drill",)


class RestorationIsUnfinished(Conflict, code="tenancy.restoration_is_unfinished"):
    message = _(
        "A restore or clone of the same tenant, or under the same short name, is waiting or running already."
    )
    enforced_by = ("one_unfinished_restoration_per_slug", "one_unfinished_restoration_in_place")


class RestorationUnknown(NotFound, code="tenancy.restoration_unknown"):
    message = _("There is no requested restore or clone {number}.")


class RestorationIsNotWaiting(Conflict, code="tenancy.restoration_is_not_waiting"):
    message = _("The {restoration} is not waiting any more, so it cannot be cancelled.")


class ConfirmationDiffers(Invalid, code="tenancy.confirmation_differs"):
    message = _("Type the name of the tenant, {name}, to replace its data.")


class BackupOfAnotherTenant(Conflict, code="tenancy.backup_of_another_tenant"):
    message = _("This is a backup of {source}, and cannot replace {name}: restore it as a new tenant.")


class TenantWasErased(Conflict, code="tenancy.tenant_was_erased"):
    message = _("{name} was erased, so its backups must not be restored.")


class ReplicationNotConfigured(Unavailable, code="tenancy.replication_not_configured"):
    message = _("Changes in {database} cannot be replicated: DATABASE_MOVERS has no address for it.")


class AlreadyExists(Conflict, code="tenancy.already_exists"):
    message = _("{name} is in {database} already.")


class ReplicaLagging(Unavailable, code="tenancy.replica_lagging"):
    message = _("{name} was not moved: {waiting} did not finish in time.")


class BlueprintDiffers(Unavailable, code="tenancy.blueprint_differs"):
    message = _(
        "{name} and the template in {database} have different migrations: run `manage.py migrate_schemas` first."
    )


class CopyDiffers(Conflict, code="tenancy.copy_differs"):
    message = _("The copy of {name} differs from the source, and was deleted: {tables}.")
