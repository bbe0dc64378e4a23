"""Suspension, activation and archival of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.bus import Command, dispatch, handles
from apps.kernel.reasons import reason_must_be_given
from apps.operations import rules
from apps.operations.commands import ActivateTenant, ArchiveTenant, SuspendTenant
from apps.operations.errors import ReasonMissing
from apps.operations.running import run_saga
from apps.operations.sagas.transitions import (
    ACTIVATION,
    ARCHIVE,
    SUSPENSION,
    TransitionData,
    activate,
    archive,
    suspend,
)
from apps.sagas.declaration import Saga
from apps.tenancy import queries as tenants

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

StateCommand = SuspendTenant | ActivateTenant | ArchiveTenant


@handles(SuspendTenant, dry_run=lambda command: _dry_run(suspend(_data(command))))
def suspend_tenant(command: SuspendTenant) -> Tenant:
    return _run(SUSPENSION, command)


@handles(ActivateTenant, dry_run=lambda command: _dry_run(activate(_data(command))))
def activate_tenant(command: ActivateTenant) -> Tenant:
    return _run(ACTIVATION, command)


@handles(ArchiveTenant, dry_run=lambda command: _dry_run(archive(_data(command))))
def archive_tenant(command: ArchiveTenant) -> Tenant:
    return _run(ARCHIVE, command)


def _data(command: StateCommand) -> TransitionData:
    return TransitionData(tenant_id=command.tenant_id, reason=command.reason)


def _dry_run(change: Command) -> None:
    """Validates the one step that may be refused."""
    reason_must_be_given(getattr(change, "reason", ""), ReasonMissing)
    dispatch(change)


def _run(saga: Saga, command: StateCommand) -> Tenant:
    tenant = tenants.tenant_with_id(command.tenant_id)
    rules.dry_run_must_pass(command)

    run_saga(saga, _data(command), slug=tenant.slug)

    return tenants.tenant_with_id(command.tenant_id)
