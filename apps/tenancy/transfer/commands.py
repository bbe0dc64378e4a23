"""What the exporter can be asked. Each of them reads or makes a whole schema, so none is one transaction."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class BackUpTenant(Command):
    """Write a tenant to an archive: to the object store, or to a file of this machine. It goes on working meanwhile."""

    platform = True
    atomic = False
    permission = "tenancy.back_up_tenant"
    audit_message = "backed up {result}"

    tenant_id: int
    to: str = ""
    with_files: bool = False


@dataclass(frozen=True, kw_only=True)
class SetBackupPolicy(Command):
    """Say how often a tenant is backed up by schedule, for how many days that is kept, and how many are at most. 0 is
    as everywhere. The newest is kept whatever is said."""

    platform = True
    permission = "tenancy.set_backup_policy"
    audit_message = "set how the tenant {result} is backed up"

    tenant_id: int
    every_hours: int = 0
    retention_days: int = 0
    max_count: int = 0
    reason: str


@dataclass(frozen=True, kw_only=True)
class RestoreTenant(Command):
    """Make a tenant from an archive. Without a name of its own it takes the place of the tenant that the archive is of,
    whose work since then is lost; the schema that it had is kept for some days."""

    platform = True
    atomic = False
    permission = "tenancy.restore_tenant"
    audit_message = "restored backup {backup} as the tenant {result}"

    backup: str
    reason: str
    slug: str = ""
    name: str = ""
    database: str = "home"


@dataclass(frozen=True, kw_only=True)
class CloneTenant(Command):
    """Make a sandbox: a copy of a tenant that reaches nobody outside. It has no addresses, secrets or webhooks, and
    nobody's password; the anonymised one has no names and no free text either."""

    platform = True
    atomic = False
    permission = "tenancy.restore_tenant"
    audit_message = "cloned a tenant as the sandbox {result}"

    tenant_id: int
    slug: str
    name: str = ""
    anonymise: bool = True
    with_files: bool = False


@dataclass(frozen=True, kw_only=True)
class TransferTenant(Command):
    """Carry a tenant that may only be read to another database. What it left stays there for some days."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = "carried the tenant {result} to the database {database}"

    tenant_id: int
    database: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RollBackMove(Command):
    """Drop what a move that was given up has brought to another database. Where the tenant has arrived, it stays."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = "took back what had come of the tenant {result} to the database {database}"

    tenant_id: int
    database: str
    reason: str
