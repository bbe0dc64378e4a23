"""Transitions of a tenant's state: suspension, activation, archival.

Suspension and archival close the tenant in the first step, which is the pivot: later steps are retried until they
succeed. Activation reopens the tenant when data and features are ready.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.operations.sagas.contributions import contributions, notify_administrators
from apps.sagas.declaration import Saga
from apps.sagas.steps import NO_COMPENSATION, ExternalStep, Step
from apps.tenancy import queries as tenants
from apps.tenancy.commands import SetTenantActive, SetTenantArchived, SetTenantSuspended
from apps.tenancy.hooks import Transition, on_activation, on_archival, on_suspension


@dataclass(frozen=True, kw_only=True)
class TransitionData:
    """The request."""

    tenant_id: int
    reason: str


def suspend(d: TransitionData) -> SetTenantSuspended:
    return SetTenantSuspended(tenant_id=d.tenant_id, reason=d.reason)


def activate(d: TransitionData) -> SetTenantActive:
    return SetTenantActive(tenant_id=d.tenant_id, reason=d.reason)


def archive(d: TransitionData) -> SetTenantArchived:
    return SetTenantArchived(tenant_id=d.tenant_id, reason=d.reason)


def _transition(d: TransitionData) -> Transition:
    return Transition(tenant=tenants.tenant_with_id(d.tenant_id).info, reason=d.reason)


SUSPENSION = Saga(
    name="operations.suspend_tenant",
    title=_("Suspension"),
    data=TransitionData,
    repeats=True,
    steps=(
        Step("suspend", suspend, pivot=True),
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
        Step("activate", activate, pivot=True),
        ExternalStep("notify administrators", notify_administrators("activated", _transition)),
    ),
)

ARCHIVE = Saga(
    name="operations.archive_tenant",
    title=_("Archive"),
    data=TransitionData,
    repeats=True,
    steps=(
        Step("archive", archive, pivot=True),
        ExternalStep("disable features", contributions(on_archival, "features", _transition)),
        ExternalStep("archive data", contributions(on_archival, "data", _transition)),
        ExternalStep("notify administrators", notify_administrators("archived", _transition)),
    ),
)
