"""Transitions of a tenant's state: suspension, activation, archival.

Suspension and archival close the tenant in the first step, which is the pivot: later steps are retried until they
succeed. Activation reopens the tenant when data and features are ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.bus import Command, dispatch, handles
from apps.kernel.reasons import reason_must_be_given
from apps.operations import rules
from apps.operations.commands import ActivateTenant, ArchiveTenant, SuspendTenant
from apps.operations.errors import ReasonMissing
from apps.operations.tenant_sagas import contributions, notify_administrators, run_saga, tenant
from apps.sagas.declaration import Saga
from apps.sagas.steps import NO_COMPENSATION, ExternalStep, Step
from apps.tenancy import rules as tenancy
from apps.tenancy.commands import SetTenantActive, SetTenantArchived, SetTenantSuspended
from apps.tenancy.hooks import Transition, on_activation, on_archival, on_suspension
from apps.tenancy.models import Tenant


@dataclass(frozen=True, kw_only=True)
class TransitionData:
    """The request."""

    tenant_id: int
    reason: str


def _suspend(d: TransitionData) -> SetTenantSuspended:
    return SetTenantSuspended(tenant_id=d.tenant_id, reason=d.reason)


def _activate(d: TransitionData) -> SetTenantActive:
    return SetTenantActive(tenant_id=d.tenant_id, reason=d.reason)


def _archive(d: TransitionData) -> SetTenantArchived:
    return SetTenantArchived(tenant_id=d.tenant_id, reason=d.reason)


def _transition(d: TransitionData) -> Transition:
    return Transition(tenant=tenant(d.tenant_id), reason=d.reason)


SUSPENSION = Saga(
    name="operations.suspend_tenant",
    title=_("Suspension"),
    data=TransitionData,
    repeats=True,
    steps=(
        Step("suspend", _suspend, pivot=True),
        ExternalStep("disable features", contributions(on_suspension, "features", _transition)),
        ExternalStep("archive data", contributions(on_suspension, "data", _transition)),
        ExternalStep("notify administrators", notify_administrators("suspended", _transition)),
    ),
)

ACTIVATION = Saga(
    name="operations.activate_tenant",
    title=_("Activation"),
    data=TransitionData,
    repeats=True,
    steps=(
        ExternalStep(
            "bring back data", contributions(on_activation, "data", _transition), compensation=NO_COMPENSATION
        ),
        ExternalStep(
            "enable features",
            contributions(on_activation, "features", _transition),
            compensation=contributions(on_suspension, "features", _transition),
        ),
        Step("activate", _activate, pivot=True),
        ExternalStep("notify administrators", notify_administrators("activated", _transition)),
    ),
)

ARCHIVE = Saga(
    name="operations.archive_tenant",
    title=_("Archive"),
    data=TransitionData,
    repeats=True,
    steps=(
        Step("archive", _archive, pivot=True),
        ExternalStep("disable features", contributions(on_archival, "features", _transition)),
        ExternalStep("archive data", contributions(on_archival, "data", _transition)),
        ExternalStep("notify administrators", notify_administrators("archived", _transition)),
    ),
)


def _dry_run(first: Command) -> None:
    """Validates the one step that may be refused."""
    reason_must_be_given(getattr(first, "reason", ""), ReasonMissing)
    dispatch(first)


@handles(SuspendTenant, dry_run=lambda c: _dry_run(_suspend(_data(c))))
def suspend_tenant(command: SuspendTenant) -> Tenant:
    return _run(SUSPENSION, command)


@handles(ActivateTenant, dry_run=lambda c: _dry_run(_activate(_data(c))))
def activate_tenant(command: ActivateTenant) -> Tenant:
    return _run(ACTIVATION, command)


@handles(ArchiveTenant, dry_run=lambda c: _dry_run(_archive(_data(c))))
def archive_tenant(command: ArchiveTenant) -> Tenant:
    return _run(ARCHIVE, command)


def _data(command: SuspendTenant | ActivateTenant | ArchiveTenant) -> TransitionData:
    return TransitionData(tenant_id=command.tenant_id, reason=command.reason)


def _run(saga: Saga, command: SuspendTenant | ActivateTenant | ArchiveTenant) -> Tenant:
    row = tenancy.tenant_must_be_found(command.tenant_id)
    rules.dry_run_must_pass(command)

    run_saga(saga, _data(command), slug=row.slug)

    row.refresh_from_db()
    return row
