"""Move of a tenant to another database: read only → export, move, remap and verify → open.

The transfer needs the owner role of both databases, which workers lack: `manage.py tenant move` runs the saga inline,
and other processes refuse with the command line to use. After a crash the workers finish the saga: they reopen the
tenant in the new database if the transfer is complete, and otherwise compensate.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.backups.commands import RollBackMove, TransferTenant
from apps.sagas.declaration import Saga
from apps.sagas.steps import ExternalStep, ScopedCommand, Step
from apps.tenancy.commands import SetMode
from apps.tenancy.states import Mode


@dataclass(frozen=True, kw_only=True)
class Moving:
    """The request, and the previous mode of the tenant."""

    tenant_id: int
    database: str
    reason: str
    mode: str = Mode.NORMAL.value


def close(d: Moving) -> SetMode:
    mode = Mode.READ_ONLY if d.mode == Mode.NORMAL else d.mode
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
        Step("read only", close, compensation=_open),
        ExternalStep(
            "export, move, remap and verify", _transfer, compensation=_roll_back, pivot=True, retries=2
        ),
        Step("open", _open),
    ),
)
