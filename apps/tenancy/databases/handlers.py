"""Handler of the online move."""

from __future__ import annotations

from apps.bus import handles
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.tenancy.errors import ReasonMissing, TenantUnknown
from apps.tenancy.models import Tenant

from .commands import TransferTenantOnline
from .online_move import Moved, move_online, must_be_movable


def prerequisites(command: TransferTenantOnline) -> None:
    tenant = _tenant(command.tenant_id)
    with together() as checks:
        checks.check(reason_must_be_given, command.reason, ReasonMissing)
        checks.check(must_be_movable, tenant, command.database)


@handles(TransferTenantOnline, dry_run=prerequisites)
def transfer_tenant_online(command: TransferTenantOnline) -> Moved:
    prerequisites(command)
    return move_online(_tenant(command.tenant_id), command.database)


def _tenant(tenant_id: int) -> Tenant:
    tenant = Tenant.objects.filter(pk=tenant_id).first()
    if tenant is None:
        raise TenantUnknown(slug=tenant_id)
    return tenant
