"""Commands for backups, restores, clones and moves. They are long-running, so most are not one transaction."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.kernel.plain import verbatim


@dataclass(frozen=True, kw_only=True)
class BackUpTenant(Command, name="tenancy.back_up_tenant"):
    """Back up a tenant to the object store or to a local file, without interrupting it.

    with_files  include its files also where BACKUP_WITH_FILES is off
    """

    platform = True
    atomic = False
    permission = "tenancy.back_up_tenant"
    audit_message = gettext_noop("backed up {result}")

    tenant_id: int
    to: str = field(default="", metadata=verbatim)
    with_files: bool = False


@dataclass(frozen=True, kw_only=True)
class SetBackupPolicy(Command, name="tenancy.set_backup_policy"):
    """Set interval and retention of a tenant's scheduled backups. 0 is the platform default. The newest backup is
    always retained."""

    platform = True
    permission = "tenancy.set_backup_policy"
    audit_message = gettext_noop("set the backup policy of the tenant {result}")

    tenant_id: int
    interval_hours: int = 0
    retention_days: int = 0
    max_count: int = 0
    reason: str


@dataclass(frozen=True, kw_only=True)
class RestoreTenant(Command, name="tenancy.restore_tenant"):
    """Restore a tenant from a backup, given by its number or the path of a file. With a slug it becomes a new tenant;
    without one it replaces the data of its tenant, whose later changes are lost."""

    platform = True
    atomic = False
    permission = "tenancy.restore_tenant"
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("restored backup {backup} as the tenant {result}")

    backup: str = field(metadata=verbatim)
    reason: str
    slug: str = ""
    name: str = ""
    database: str = "home"


@dataclass(frozen=True, kw_only=True)
class CloneTenant(Command, name="tenancy.clone_tenant"):
    """Clone a tenant as a sandbox, without e-mail addresses, secrets, webhooks and passwords, so that it reaches no
    outside system. It has the files of the tenant. An anonymised clone has no names, no free text and no files."""

    platform = True
    atomic = False
    permission = "tenancy.restore_tenant"
    audit_message = gettext_noop("cloned a tenant as the sandbox {result}")

    tenant_id: int
    slug: str
    name: str = ""
    anonymise: bool = True


@dataclass(frozen=True, kw_only=True)
class TransferTenant(Command, name="tenancy.transfer_tenant"):
    """Transfer a read-only tenant to another database: a step of the saga of MoveTenant. The schema in the source
    database is retained for some days."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = gettext_noop("transferred the tenant {result} to the database {database}")

    tenant_id: int
    database: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RollBackMove(Command, name="tenancy.roll_back_move"):
    """Drop the copy that an abandoned move left in the target database, unless the move was completed."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = gettext_noop("rolled back the move of the tenant {result} to the database {database}")

    tenant_id: int
    database: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class TransferTenantOnline(Command, name="tenancy.transfer_tenant_online"):
    """Move a tenant to another database without downtime. Reads are always possible; writes are refused while the last
    changes are replicated and all rows are compared."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = gettext_noop("moved the tenant {result}")

    tenant_id: int
    database: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestBackup(Command, name="tenancy.request_backup"):
    """Back up a tenant as soon as a backup worker is free, without interrupting the tenant."""

    platform = True
    permission = "tenancy.back_up_tenant"
    audit_message = gettext_noop("requested the backup {result}")

    tenant_id: int


@dataclass(frozen=True, kw_only=True)
class VerifyBackup(Command, name="tenancy.verify_backup"):
    """Verify a backup by a restore drill: a backup worker restores it into a temporary schema, compares all data, and
    drops the schema."""

    platform = True
    permission = "tenancy.back_up_tenant"
    audit_message = gettext_noop("requested the {result}")

    backup_id: int


@dataclass(frozen=True, kw_only=True)
class RequestRestoreAsNew(Command, name="tenancy.request_restore_as_new"):
    """Restore a backup as a new tenant, beside the existing one. A restore worker executes it."""

    platform = True
    permission = "tenancy.restore_tenant"
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("requested the {result}: {reason}")

    backup_id: int
    slug: str
    name: str = ""
    database: str = "home"
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestRestoreInPlace(Command, name="tenancy.request_restore_in_place"):
    """Replace the data of a tenant by that of a backup. All later changes are lost; the replaced schema is retained for
    seven days. A restore worker executes it.

    confirmation  the name of the tenant, exactly
    """

    platform = True
    permission = "tenancy.restore_tenant"
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("requested the {result}: {reason}")

    backup_id: int
    confirmation: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CancelRestoration(Command, name="tenancy.cancel_restoration"):
    """Cancel a requested restore or clone that still waits for a restore worker."""

    platform = True
    permission = "tenancy.restore_tenant"
    audit_message = gettext_noop("cancelled the {result}: {reason}")

    restoration_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RequestClone(Command, name="tenancy.request_clone"):
    """Clone a tenant as a sandbox, without e-mail addresses, secrets, webhooks and passwords. It has the files of the
    tenant. An anonymised clone has no names, no free text and no files. A restore worker executes it."""

    platform = True
    permission = "tenancy.restore_tenant"
    audit_message = gettext_noop("requested the {result}: {reason}")

    tenant_id: int
    slug: str
    name: str = ""
    anonymise: bool = True
    reason: str
