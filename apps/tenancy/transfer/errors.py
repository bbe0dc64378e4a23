"""What the exporter refuses."""

from __future__ import annotations

from apps.kernel.errors import Conflict, Invalid, NotFound, Unavailable
from apps.tenancy.errors import TenancyRefusal


class TransferRefusal(TenancyRefusal):
    """The family of the exporter."""


class BackupFileMissing(TransferRefusal, NotFound):
    message = "There is no archive {storage_key}."


class BackupFileUnreadable(TransferRefusal, Invalid):
    message = "{storage_key} is not a whole archive: {why}."


class BackupFileAltered(TransferRefusal, Conflict):
    message = "The archive is not what was written: {part} differs from what its manifest says."


class BackupFileSignatureInvalid(TransferRefusal, Conflict):
    """Restoring runs the archive's statements as the owner, so one that anybody could have written is not read."""

    message = (
        "The archive is signed with the key {key_id!r}, which is not the one of AUDIT_KEYS by that name."
    )


class TenantNotMigrated(TransferRefusal, Unavailable):
    message = (
        "{name} is not at the migrations of its database's blueprint: run `manage.py migrate_schemas` first."
    )


class TransferBusy(TransferRefusal, Conflict):
    message = "{name} is being backed up, restored or moved by another process."


class NotWhatWasExported(TransferRefusal, Conflict):
    message = "What was restored is not what was exported, and was removed again: {faults}"


class OwnerIsAbsent(TransferRefusal, Unavailable):
    message = (
        "This makes schemas: run it where DATABASE_OWNER_URL is set (for {database!r}),"
        " or, to try a backup, DATABASE_BACKUP_URL."
    )


class PolicyIsNegative(TransferRefusal, Invalid):
    message = "Hours, days and numbers are 0 or more; 0 is as everywhere."


class TenantIsWritable(TransferRefusal, Conflict):
    message = "{name} must be read-only while it is moved."


class BackupUnknown(TransferRefusal, NotFound):
    message = "There is no backup {which}."


class BackupOfAnotherTenant(TransferRefusal, Conflict):
    message = "The archive is of {of}, and cannot take the storage_key of {name}: restore it under a name of its own."


class TenantWasErased(TransferRefusal, Conflict):
    message = "{name} was erased for good; what is left of it in archives is not restored."


class FilesNotAnonymisable(TransferRefusal, Invalid):
    message = "Nobody can say whom a tenant's files name, so none goes along with an anonymised copy."
