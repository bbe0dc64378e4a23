"""Move of a tenant to another database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.backups.commands import TransferTenant
from apps.backups.errors import OwnerCredentialsMissing
from apps.bus import dispatch, handles
from apps.kernel.actors import System, acting
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.operations import rules
from apps.operations.commands import MoveTenant
from apps.operations.errors import OwnerCredentialsNeeded, ReasonMissing
from apps.operations.running import run_saga
from apps.operations.sagas.moving import MIGRATION, Moving, close
from apps.tenancy import queries as tenants

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

DRY_RUN_REASON = "Dry run."


def _dry_run(command: MoveTenant) -> None:
    tenant = tenants.tenant_with_id(command.tenant_id)
    with together() as refusals:
        refusals.check(reason_must_be_given, command.reason, ReasonMissing)
        refusals.check(_must_be_movable_here, tenant, command)


def _must_be_movable_here(tenant: Tenant, command: MoveTenant) -> None:
    """Makes the first step of the saga and validates the second, as the saga does. The transfer needs the owner role of
    both databases. Raises OwnerCredentialsNeeded with the command line to use."""
    mover = System(str(acting()))
    data = Moving(tenant_id=tenant.pk, database=command.database, reason=DRY_RUN_REASON, mode=tenant.mode)
    transfer = TransferTenant(tenant_id=tenant.pk, database=command.database, reason=DRY_RUN_REASON)
    dispatch(close(data), actor=mover)
    try:
        dispatch(transfer, actor=mover)
    except OwnerCredentialsMissing as absent:
        line = rules.move_command_line(tenant, command.database, command.reason)
        raise OwnerCredentialsNeeded(command=line) from absent


@handles(MoveTenant, dry_run=_dry_run)
def move_tenant(command: MoveTenant) -> Tenant:
    tenant = tenants.tenant_with_id(command.tenant_id)
    rules.dry_run_must_pass(command)

    data = Moving(tenant_id=tenant.pk, database=command.database, reason=command.reason, mode=tenant.mode)
    run_saga(MIGRATION, data, slug=tenant.slug)

    return tenants.tenant_with_id(command.tenant_id)
