"""Onboarding of a tenant: tenant → settings → features → company structure → owner → open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from apps.kernel.clock import today
from apps.operations.sagas.contributions import contributions
from apps.sagas.declaration import Saga
from apps.sagas.steps import NO_COMPENSATION, ExternalStep, Step
from apps.tenancy import queries as tenants
from apps.tenancy.commands import CreateTenant, DiscardTenant, SetTenantActive
from apps.tenancy.hooks import NewTenant, set_up

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Onboarding:
    """The request, and the results of the first step."""

    slug: str
    name: str
    owner_email: str
    owner_name: str
    currency: str
    plan: str
    region: str
    trial_days: int
    tenant_id: int = 0
    begins_on: dt.date = dt.date.min


def _create(d: Onboarding) -> CreateTenant:
    return CreateTenant(slug=d.slug, name=d.name, owner_email=d.owner_email, region=d.region)


def _created(d: Onboarding, tenant: Tenant) -> Onboarding:
    return replace(d, tenant_id=tenant.pk, begins_on=today())


def _new(d: Onboarding) -> NewTenant:
    return NewTenant(
        tenant=tenants.tenant_with_id(d.tenant_id).info,
        owner_email=d.owner_email,
        owner_name=d.owner_name,
        currency=d.currency,
        plan=d.plan,
        begins_on=d.begins_on,
    )


def _open(d: Onboarding) -> SetTenantActive:
    return SetTenantActive(tenant_id=d.tenant_id, trial_days=d.trial_days)


ONBOARDING = Saga(
    name="operations.onboard_tenant",
    title=_("Onboarding"),
    data=Onboarding,
    repeats=True,
    steps=(
        Step(
            "create tenant",
            _create,
            compensation=lambda d: DiscardTenant(tenant_id=d.tenant_id),
            carry=_created,
        ),
        # Rows inside the tenant are removed when the tenant is discarded.
        ExternalStep("settings", contributions(set_up, "settings", _new), compensation=NO_COMPENSATION),
        ExternalStep("features", contributions(set_up, "features", _new), compensation=NO_COMPENSATION),
        ExternalStep(
            "company structure", contributions(set_up, "structure", _new), compensation=NO_COMPENSATION
        ),
        ExternalStep("owner", contributions(set_up, "people", _new), compensation=NO_COMPENSATION),
        Step("open", _open, pivot=True),
    ),
)
