"""`manage.py demo`: two tenants with a small business each, and logins for them and for the operator."""

from __future__ import annotations

from typing import Any

from apps.billing.commands import DefinePlan, PlanLimit
from apps.billing.models import Plan
from apps.bus import dispatch
from apps.console.terminal import BursarCommand, Output
from apps.identity import queries as identity
from apps.identity.commands import InviteOperator, InviteUser, SetPassword
from apps.identity.models import User
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.kernel.transactions import unit_of_work
from apps.ledger.models import Account
from apps.operations.commands import OnboardTenant
from apps.operations.demo import BUSINESSES, MAKER, Business, fill
from apps.tenancy.models import Tenant

PASSWORD = "bursar-demo-password"  # noqa: S105 - printed by `make up`; the demo is for one machine
PEOPLE = {"controller": ("carla", "Carla Controller"), "accountant": ("ada", "Ada Accountant")}
OPERATOR = "operator@bursar.example"
PLANS = (
    DefinePlan(
        code="books",
        name="Books",
        level=10,
        modules=(),
        limits=(PlanLimit("companies.companies", 1), PlanLimit("identity.users", 5)),
    ),
    DefinePlan(
        code="trade",
        name="Trade",
        level=50,
        modules=("inventory", "payments", "sales", "webhooks"),
        limits=(PlanLimit("companies.companies", 10), PlanLimit("identity.users", 50)),
    ),
)


class Command(BursarCommand):
    help = "Make the demo tenants acme and globex where they are missing. Never for production."

    def run(self, **_: Any) -> Output:
        _operator()
        _plans()
        made = [business.slug for business in BUSINESSES if _tenant(business)]
        text = f"Made {' and '.join(made)}." if made else "The demo is there already."
        return Output(text, {"made": made, "password": PASSWORD})


def _operator() -> None:
    if identity.user_with_email(OPERATOR) is None:
        _let_in(dispatch(InviteOperator(email=OPERATOR, name="Olga Operator"), actor=MAKER))


def _plans() -> None:
    """Something to choose from; the demo's tenants have everything."""
    for plan in PLANS:
        if not Plan.objects.filter(code=plan.code).exists():
            dispatch(plan, actor=MAKER)


def _tenant(business: Business) -> bool:
    """True when something was missing. A demo that was cut off is completed."""
    tenant = Tenant.objects.filter(slug=business.slug, state=Tenant.State.ACTIVE).first()
    if tenant is None:
        onboard = OnboardTenant(
            slug=business.slug,
            name=business.name,
            owner_email=f"owner@{business.slug}.example",
            owner_name="Otto Owner",
            currency=business.currency,
        )
        tenant = dispatch(onboard, actor=MAKER)
    with activate(tenant.info):
        if Account.objects.exists():
            return False
        with unit_of_work():
            people = {role: _person(business, *who, role) for role, who in PEOPLE.items()}
            _let_in(identity.user_with_email(tenant.owner_email))
            fill(business, today(), accountant=people["accountant"], controller=people["controller"])
    return True


def _person(business: Business, login: str, name: str, role: str) -> User:
    email = f"{login}@{business.slug}.example"
    user: User = dispatch(InviteUser(email=email, name=name, role=role), actor=MAKER)
    _let_in(user)
    return user


def _let_in(user: User | None) -> None:
    if user:
        dispatch(SetPassword(user_id=user.pk, password=PASSWORD), actor=MAKER)
