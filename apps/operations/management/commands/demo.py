"""`manage.py demo`: two tenants with a small business each, and logins for them and for the operator."""

from __future__ import annotations

from typing import Any

from apps.bus import dispatch
from apps.console.terminal import Answer, BursarCommand
from apps.identity import queries as identity
from apps.identity.commands import InviteOperator, InviteUser, SetPassword
from apps.kernel.clock import today
from apps.kernel.tenant import activate
from apps.kernel.transactions import unit_of_work
from apps.ledger.models import Account
from apps.operations.commands import OnboardTenant
from apps.operations.demo import BUSINESSES, MAKER, Business, fill
from apps.tenancy.models import Tenant

PASSWORD = "bursar-demo-house"  # noqa: S105 - printed by `make up`; the demo is for one machine
PEOPLE = (("carla", "Carla Controller", "controller"), ("ada", "Ada Accountant", "accountant"))
OPERATOR = "operator@bursar.example"


class Command(BursarCommand):
    help = "Make the demo tenants acme and globex where they are missing. Never for production."

    def answer(self, **_: Any) -> Answer:
        _operator()
        made = [business.slug for business in BUSINESSES if _tenant(business)]
        text = f"Made {' and '.join(made)}." if made else "The demo is there already."
        return Answer(text, {"made": made, "password": PASSWORD})


def _operator() -> None:
    if identity.user_with_email(OPERATOR) is None:
        user = dispatch(InviteOperator(email=OPERATOR, name="Olga Operator"), actor=MAKER)
        dispatch(SetPassword(user_id=user.pk, password=PASSWORD), actor=MAKER)


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
            _people(business)
            fill(business, today())
    return True


def _people(business: Business) -> None:
    for login, name, role in PEOPLE:
        invite = InviteUser(email=f"{login}@{business.slug}.example", name=name, role=role)
        dispatch(invite, actor=MAKER)
    for login in ("owner", *(login for login, *_ in PEOPLE)):
        user = identity.user_with_email(f"{login}@{business.slug}.example")
        if user:
            dispatch(SetPassword(user_id=user.pk, password=PASSWORD), actor=MAKER)
