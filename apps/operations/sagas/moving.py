"""From one database to another (row TEN-02): read only → export, move, remap and verify → open.

Only a process that may be the owner of both databases can carry a tenant, and workers cannot: `manage.py tenant move`
drives this journey, and whoever asks elsewhere is told the line to type. When it is killed the workers take it up. Has
the tenant arrived, they open it there; has it not, they send the journey back, and the tenant works where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote

from apps.bus import handles
from apps.kernel.errors import together
from apps.operations import rules
from apps.operations.commands import MoveTenant
from apps.operations.errors import MovedElsewhere
from apps.operations.journeys import travel
from apps.sagas import ExternalStep, Saga, ScopedCommand, Step
from apps.tenancy.commands import SetMode
from apps.tenancy.models import Tenant
from apps.tenancy.transfer.commands import RollBackMove, TransferTenant
from apps.tenancy.transfer.errors import OwnerIsAbsent
from apps.tenancy.transfer.moving import must_be_movable


@dataclass(frozen=True, kw_only=True)
class Moving:
    """What was asked, and the mode that the tenant had."""

    tenant_id: int
    database: str
    reason: str
    mode: str = Tenant.Mode.NORMAL.value


def _close(d: Moving) -> SetMode:
    mode = Tenant.Mode.READ_ONLY if d.mode == Tenant.Mode.NORMAL else d.mode
    return SetMode(tenant_id=d.tenant_id, mode=mode, reason=d.reason)


def _open(d: Moving) -> SetMode:
    return SetMode(tenant_id=d.tenant_id, mode=d.mode, reason=d.reason)


def _carry(d: Moving) -> list[ScopedCommand]:
    return [ScopedCommand(TransferTenant(tenant_id=d.tenant_id, database=d.database, reason=d.reason))]


def _take_back(d: Moving) -> list[ScopedCommand]:
    return [ScopedCommand(RollBackMove(tenant_id=d.tenant_id, database=d.database, reason=d.reason))]


MIGRATION = Saga(
    name="operations.move_tenant",
    title="Move",
    data=Moving,
    repeats=True,
    steps=(
        Step("read only", _close, compensation=_open),
        ExternalStep(
            "export, move, remap and verify", _carry, compensation=_take_back, pivot=True, retries=2
        ),
        Step("open", _open),
    ),
)


def prerequisites(command: MoveTenant) -> None:
    row = rules.tenant_must_be_known(command.tenant_id)
    with together() as asked:
        asked.check(rules.reason_must_be_given, command.reason)
        asked.check(_must_be_movable_here, row, command)


def _must_be_movable_here(row: Tenant, command: MoveTenant) -> None:
    """Raises MovedElsewhere, which says how."""
    try:
        must_be_movable(row, command.database)
    except OwnerIsAbsent as absent:
        raise MovedElsewhere(command=in_words(row, command.database, command.reason)) from absent


def in_words(row: Tenant, database: str, reason: str) -> str:
    """As it is typed at a shell."""
    return f"manage.py tenant move {row.slug} --to {database} --reason {quote(reason)}"


@handles(MoveTenant, dry_run=prerequisites)
def move_tenant(command: MoveTenant) -> Tenant:
    prerequisites(command)

    row = rules.tenant_must_be_known(command.tenant_id)
    asked = Moving(tenant_id=row.pk, database=command.database, reason=command.reason, mode=row.mode)
    travel(MIGRATION, asked, slug=row.slug)

    row.refresh_from_db()
    return row
