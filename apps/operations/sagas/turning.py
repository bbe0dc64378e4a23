"""A tenant's life takes a turn: suspension, activation, archive (row TEN-02).

Whoever is to be shut out is so at once, and for good: what comes after is tried until it is done. Whoever is let in
again finds everything ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.bus import Command, dispatch, handles
from apps.operations import rules
from apps.operations.commands import ActivateTenant, ArchiveTenant, SuspendTenant
from apps.operations.journeys import part, tell, tenant, travel
from apps.sagas import NO_COMPENSATION, ExternalStep, Saga, Step
from apps.tenancy.commands import SetTenantActive, SetTenantArchived, SetTenantSuspended
from apps.tenancy.hooks import Transition, on_activate, on_archive, on_suspend
from apps.tenancy.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Turning:
    """What was asked."""

    tenant_id: int
    reason: str


def _suspend(d: Turning) -> SetTenantSuspended:
    return SetTenantSuspended(tenant_id=d.tenant_id, reason=d.reason)


def _activate(d: Turning) -> SetTenantActive:
    return SetTenantActive(tenant_id=d.tenant_id, reason=d.reason)


def _archive(d: Turning) -> SetTenantArchived:
    return SetTenantArchived(tenant_id=d.tenant_id, reason=d.reason)


def _transition(d: Turning) -> Transition:
    return Transition(tenant=tenant(d.tenant_id), reason=d.reason)


SUSPENSION = Saga(
    name="operations.suspend_tenant",
    title="Suspension",
    data=Turning,
    repeats=True,
    steps=(
        Step("suspend", _suspend, pivot=True),
        ExternalStep("disable features", part(on_suspend, "features", _transition)),
        ExternalStep("archive data", part(on_suspend, "data", _transition)),
        ExternalStep("notify administrators", tell("suspended", _transition)),
    ),
)

ACTIVATION = Saga(
    name="operations.activate_tenant",
    title="Activation",
    data=Turning,
    repeats=True,
    steps=(
        ExternalStep("bring back data", part(on_activate, "data", _transition), compensation=NO_COMPENSATION),
        ExternalStep(
            "enable features",
            part(on_activate, "features", _transition),
            compensation=part(on_suspend, "features", _transition),
        ),
        Step("activate", _activate, pivot=True),
        ExternalStep("notify administrators", tell("activated", _transition)),
    ),
)

ARCHIVE = Saga(
    name="operations.archive_tenant",
    title="Archive",
    data=Turning,
    repeats=True,
    steps=(
        Step("archive", _archive, pivot=True),
        ExternalStep("disable features", part(on_archive, "features", _transition)),
        ExternalStep("archive data", part(on_archive, "data", _transition)),
        ExternalStep("notify administrators", tell("archived", _transition)),
    ),
)


def _dry_run(first: Command) -> None:
    """What would be refused: the one step that can be."""
    rules.reason_must_be_given(getattr(first, "reason", ""))
    dispatch(first)


@handles(SuspendTenant, dry_run=lambda c: _dry_run(_suspend(_asked(c))))
def suspend_tenant(command: SuspendTenant) -> Tenant:
    return _go(SUSPENSION, command)


@handles(ActivateTenant, dry_run=lambda c: _dry_run(_activate(_asked(c))))
def activate_tenant(command: ActivateTenant) -> Tenant:
    return _go(ACTIVATION, command)


@handles(ArchiveTenant, dry_run=lambda c: _dry_run(_archive(_asked(c))))
def archive_tenant(command: ArchiveTenant) -> Tenant:
    return _go(ARCHIVE, command)


def _asked(command: SuspendTenant | ActivateTenant | ArchiveTenant) -> Turning:
    return Turning(tenant_id=command.tenant_id, reason=command.reason)


def _go(saga: Saga, command: SuspendTenant | ActivateTenant | ArchiveTenant) -> Tenant:
    row = rules.tenant_must_be_known(command.tenant_id)
    rules.would_be_done(command)

    travel(saga, _asked(command), slug=row.slug)

    row.refresh_from_db()
    return row
