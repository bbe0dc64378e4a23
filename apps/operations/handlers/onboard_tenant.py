"""Onboarding of a tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.bus import handles
from apps.kernel.clock import today
from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.errors import together
from apps.operations import rules
from apps.operations.commands import OnboardTenant
from apps.operations.running import run_saga
from apps.operations.sagas.onboarding import ONBOARDING, Onboarding
from apps.tenancy import queries as tenants
from apps.tenancy.hooks import TenantRequest, request_checks

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant


def prerequisites(command: OnboardTenant) -> None:
    """Validation before the saga starts, by this app and by those that set the tenant up."""
    request = TenantRequest(
        slug=command.slug, owner_email=command.owner_email, plan=command.plan, region=command.region
    )
    with together() as refusals:
        refusals.check(rules.name_must_be_given, command.name)
        refusals.check(rules.name_must_fit, command.name)
        refusals.check(rules.name_must_fit, command.owner_name)
        refusals.check(rules.trial_must_have_an_end, command.trial_days)
        refusals.check(currency_must_be_valid_on, command.currency, today())
        for check in request_checks():
            refusals.check(check, request)


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

    return tenants.tenant_with_id(run.data["tenant_id"])
