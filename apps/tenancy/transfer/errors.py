"""Refusals of backups, restores, clones and moves."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound, Unavailable


class BackupFileMissing(NotFound):
    message = _("There is no backup file {storage_key}.")


class BackupFileUnreadable(Invalid):
    message = _("{storage_key} is not a valid backup file: {reason}.")


class BackupFileAltered(Conflict):
    message = _("The backup file was changed: {part} does not match its checksum.")


class BackupFileSignatureInvalid(Conflict):
    """A restore executes SQL of the file as the owner, so the file must be signed."""

    message = _("The signature of the backup file is invalid: it needs the key {key_id!r} of AUDIT_KEYS.")


class TenantNotMigrated(Unavailable):
    message = _("The schema of {name} is not migrated: run `manage.py migrate_schemas` first.")


class TransferBusy(Conflict):
    message = _("{name} is being backed up, restored or moved by another process.")


class RestoredDataDiffers(Conflict):
    message = _("The restored data differs from the exported data, and was removed: {faults}")


class OwnerCredentialsMissing(Unavailable):
    message = _(
        "Schemas of {database!r} can only be created where DATABASE_OWNER_URL is set, or DATABASE_BACKUP_URL for a"
        " restore drill."
    )


class PolicyIsNegative(Invalid):
    message = _("Hours, days and counts must not be negative; 0 = platform default.")


class TenantIsWritable(Conflict):
    message = _("{name} must be read-only while it is moved.")


class BackupUnknown(NotFound):
    message = _("There is no backup {number}.")


class BackupOfAnotherTenant(Conflict):
    message = _("This is a backup of {source}, and cannot replace {name}: restore it as a new tenant.")


class TenantWasErased(Conflict):
    message = _("{name} was erased, so its backups must not be restored.")


class FilesNotAnonymisable(Invalid):
    message = _("Files cannot be anonymised, so an anonymised clone must not include them.")
