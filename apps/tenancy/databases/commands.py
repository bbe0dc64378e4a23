"""Long-running commands on databases."""

from dataclasses import dataclass

from django.utils.translation import gettext_noop

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class TransferTenantOnline(Command):
    """Move a tenant to another database without downtime. Reads are always possible; writes are refused while the last
    changes are replicated and all rows are compared."""

    platform = True
    atomic = False
    permission = "tenancy.move_tenant"
    audit_message = gettext_noop("moved the tenant {result}")

    tenant_id: int
    database: str
    reason: str
