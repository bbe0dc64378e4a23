"""Move of a tenant to another database: read only → export, move, remap and verify → open.

The transfer needs the owner role of both databases, which workers lack: `manage.py tenant move` runs the saga inline,
and other processes refuse with the command line to use. After a crash the workers finish the saga: they reopen the
tenant in the new database if the transfer is complete, and otherwise compensate.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from django.utils.translation import gettext_lazy as _

from apps.backups import rules as backups
from apps.backups.commands import RollBackMove, TransferTenant
from apps.backups.errors import OwnerCredentialsMissing
from apps.bus import handles
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given
from apps.operations.commands import MoveTenant
from apps.operations.errors import OwnerCredentialsNeeded, ReasonMissing
from apps.operations.tenant_sagas import run_saga
from apps.sagas.declaration import Saga
from apps.sagas.steps import ExternalStep, ScopedCommand, Step
from apps.tenancy import rules as tenancy
from apps.tenancy.commands import SetMode
from apps.tenancy.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Moving:
    """The request, and the previous mode of the tenant."""

    tenant_id: int
    database: str
    reason: str
    mode: str = Tenant.Mode.NORMAL.value


def _close(d: Moving) -> SetMode:
    mode = Tenant.Mode.READ_ONLY if d.mode == Tenant.Mode.NORMAL else d.mode
    return SetMode(tenant_id=d.tenant_id, mode=mode, reason=d.reason)


def _open(d: Moving) -> SetMode:
    return SetMode(tenant_id=d.tenant_id, mode=d.mode, reason=d.reason)


def _transfer(d: Moving) -> list[ScopedCommand]:
    return [ScopedCommand(TransferTenant(tenant_id=d.tenant_id, database=d.database, reason=d.reason))]


def _roll_back(d: Moving) -> list[ScopedCommand]:
    return [ScopedCommand(RollBackMove(tenant_id=d.tenant_id, database=d.database, reason=d.reason))]


MIGRATION = Saga(
    name="operations.move_tenant",
    title=_("Move"),
    data=Moving,
    repeats=True,
    steps=(
        Step("read only", _close, compensation=_open),
        ExternalStep(
            "export, move, remap and verify", _transfer, compensation=_roll_back, pivot=True, retries=2
        ),
        Step("open", _open),
    ),
)


def prerequisites(command: MoveTenant) -> None:
    row = tenancy.tenant_must_be_found(command.tenant_id)
    with together() as refusals:
        refusals.check(reason_must_be_given, command.reason, ReasonMissing)
        refusals.check(_must_be_movable_here, row, command)


def _must_be_movable_here(row: Tenant, command: MoveTenant) -> None:
    """Raises OwnerCredentialsNeeded with the command line to use."""
    try:
        backups.tenant_must_be_movable(row, command.database)
    except OwnerCredentialsMissing as absent:
        raise OwnerCredentialsNeeded(command=command_line(row, command.database, command.reason)) from absent


def command_line(row: Tenant, database: str, reason: str) -> str:
    """The shell command that moves the tenant."""
    return f"manage.py tenant move {row.slug} --to {database} --reason {quote(reason)}"


@handles(MoveTenant, dry_run=prerequisites)
def move_tenant(command: MoveTenant) -> Tenant:
    prerequisites(command)

    row = tenancy.tenant_must_be_found(command.tenant_id)
    data = Moving(tenant_id=row.pk, database=command.database, reason=command.reason, mode=row.mode)
    run_saga(MIGRATION, data, slug=row.slug)

    row.refresh_from_db()
    return row
