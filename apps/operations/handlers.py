"""How the journeys go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from apps.bus import dispatch, handles
from apps.companies.commands import FoundCompany
from apps.companies.models import Company
from apps.identity import rules as identity
from apps.identity.commands import InviteUser
from apps.identity.models import User
from apps.kernel.actors import System, acting
from apps.kernel.clock import today
from apps.kernel.errors import together
from apps.kernel.money import currency
from apps.kernel.tenant import activate
from apps.ledger.commands import SetUpBooks
from apps.ledger.models import Journal
from apps.periods.commands import DefineCalendar, GenerateYear
from apps.periods.models import Calendar, FiscalYear
from apps.tenancy import rules as tenancy
from apps.tenancy.commands import ActivateTenant, CreateTenant, DiscardTenant
from apps.tenancy.models import Tenant

from . import rules
from .commands import OnboardTenant
from .errors import OnboardingUnderWay


def prerequisites(command: OnboardTenant) -> None:
    """What must be true before anything is made (row TEN-05)."""
    with together() as asked:
        asked.check(tenancy.slug_must_be_well_formed, command.slug)
        asked.check(tenancy.slug_must_be_free, command.slug)
        asked.check(rules.name_must_be_given, command.name)
        asked.check(identity.email_must_be_well_formed, command.owner_email)
        asked.check(currency, command.currency)


@handles(OnboardTenant, rehearsal=prerequisites)
def onboard_tenant(command: OnboardTenant) -> Tenant:
    prerequisites(command)
    with _alone(command.slug):
        return _onboard(command)


def _onboard(command: OnboardTenant) -> Tenant:
    tenant: Tenant = dispatch(
        CreateTenant(slug=command.slug, name=command.name, owner_email=command.owner_email)
    )
    try:
        with activate(tenant.info):
            _set_up(command)
    except Exception:
        dispatch(DiscardTenant(tenant_id=tenant.pk))
        raise

    activated: Tenant = dispatch(ActivateTenant(tenant_id=tenant.pk))
    return activated


@contextmanager
def _alone(slug: str) -> Iterator[None]:
    """One journey to a name at a time: a second one would discard what the first is setting up.

    The lock is the session's, since the steps commit one by one; it ends with the process, whatever ends that.
    """
    name = f"onboarding:{slug}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        if not cursor.fetchone()[0]:
            raise OnboardingUnderWay(slug=slug)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def _set_up(command: OnboardTenant) -> None:
    """What every tenant starts with. A step that was done before the journey was cut off is not done again.

    In the tenant's own trail the platform acts: its operators are nobody there.
    """
    platform = System(f"{acting()} (platform)")
    if not Company.objects.exists():
        dispatch(FoundCompany(code="MAIN", name=command.name, currency=command.currency), actor=platform)
    if not Calendar.objects.exists():
        dispatch(DefineCalendar(name="Standard"), actor=platform)
    if not FiscalYear.objects.exists():
        dispatch(GenerateYear(year=today().year), actor=platform)
    if not Journal.objects.exists():
        dispatch(SetUpBooks(), actor=platform)
    if not User.objects.filter(email__iexact=command.owner_email).exists():
        owner = InviteUser(
            email=command.owner_email, name=command.owner_name or command.owner_email, role="owner"
        )
        dispatch(owner, actor=platform)
