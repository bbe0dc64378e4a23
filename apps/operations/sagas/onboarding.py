"""Onboarding of a tenant: tenant → settings → features → company structure → owner → open."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from apps.bus import handles
from apps.identity import rules as identity
from apps.kernel.clock import today
from apps.kernel.errors import together
from apps.kernel.money import currency
from apps.operations import rules
from apps.operations.commands import OnboardTenant
from apps.operations.tenant_sagas import contributions, run_saga, tenant
from apps.sagas.declaration import Saga
from apps.sagas.steps import NO_COMPENSATION, ExternalStep, Step
from apps.tenancy import rules as tenancy
from apps.tenancy.commands import CreateTenant, DiscardTenant, SetTenantActive
from apps.tenancy.hooks import NewTenant, set_up
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


def prerequisites(command: OnboardTenant) -> None:
    """Validation before the saga starts."""
    with together() as refusals:
        refusals.check(tenancy.slug_must_be_well_formed, command.slug)
        refusals.check(tenancy.slug_must_be_free, command.slug)
        refusals.check(rules.name_must_be_given, command.name)
        refusals.check(rules.name_must_fit, command.name)
        refusals.check(identity.email_must_be_well_formed, command.owner_email)
        refusals.check(rules.name_must_fit, command.owner_name)
        refusals.check(currency, command.currency)
        refusals.check(rules.plan_must_be_offered, command.plan)
        refusals.check(rules.trial_must_have_an_end, command.trial_days)
        refusals.check(rules.a_database_must_have_capacity, command.slug, command.region)


@handles(OnboardTenant, dry_run=prerequisites)
def onboard_tenant(command: OnboardTenant) -> Tenant:
    prerequisites(command)

    data = Onboarding(
        slug=command.slug,
        name=command.name,
        owner_email=command.owner_email,
        owner_name=command.owner_name,
        currency=command.currency,
        plan=command.plan,
        region=command.region,
        trial_days=command.trial_days,
    )
    run = run_saga(ONBOARDING, data, slug=command.slug)

    return Tenant.objects.get(pk=run.data["tenant_id"])


def _create(d: Onboarding) -> CreateTenant:
    return CreateTenant(slug=d.slug, name=d.name, owner_email=d.owner_email, region=d.region)


def _created(d: Onboarding, tenant: Tenant) -> Onboarding:
    return replace(d, tenant_id=tenant.pk, begins_on=today())


def _new(d: Onboarding) -> NewTenant:
    return NewTenant(
        tenant=tenant(d.tenant_id),
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
