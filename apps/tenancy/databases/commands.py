"""What can be asked of the databases and is not done in one transaction."""

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class MoveTenantOnline(Command):
    """Move a tenant to another database while it is at work. It can be read all the time; nobody can write for the
    moment in which the last changes arrive and all rows are compared."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = "moved the tenant {result}"

    tenant_id: int
    database: str
    reason: str
