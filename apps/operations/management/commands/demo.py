"""`manage.py demo`: two tenants with a small business each, and logins for them and for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apps.billing import queries as billing
from apps.billing.commands import DefinePlan, PlanLimit
from apps.bus import dispatch
from apps.console.terminal import BursarCommand, Output
from apps.identity import queries as identity
from apps.identity.commands import AcceptInvitation, InviteOperator, InviteUser
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.tenant import activate
from apps.ledger import queries as ledger
from apps.operations.commands import OnboardTenant
from apps.operations.demo import BUSINESSES, MAKER, Business, fill
from apps.settings.business_day import business_day
from apps.tenancy import queries as tenants
from apps.tenancy.states import State

if TYPE_CHECKING:
    from apps.identity.models import Invitation, User

PASSWORD = "bursar-demo-password"  # noqa: S105 - printed by `make up`; the demo is for one machine
PEOPLE = {
    "owner": ("olivia", "Olivia Owner"),
    "controller": ("carla", "Carla Controller"),
    "accountant": ("ada", "Ada Accountant"),
}
"""Beside Otto Owner: of two owners, each can approve requests of the other."""
OPERATORS = {"operator@bursar.example": "Olga Operator", "otis@bursar.example": "Otis Operator"}
GIB = 1024**3


def _limits(*, companies: int, users: int, attachments: int) -> tuple[PlanLimit, ...]:
    """`attachments` in bytes."""
    return (
        PlanLimit("companies.companies", companies),
        PlanLimit("identity.users", users),
        PlanLimit("attachments.bytes", attachments),
    )


PLANS = (
    DefinePlan(
        code="books",
        name="Accounting",
        level=10,
        modules=(),
        limits=_limits(companies=1, users=5, attachments=GIB),
    ),
    DefinePlan(
        code="trade",
        name="Sales",
        level=50,
        modules=("inventory", "payments", "sales", "webhooks"),
        limits=_limits(companies=10, users=50, attachments=20 * GIB),
    ),
)


class Command(BursarCommand):
    help = "Create the demo tenants acme and globex where they are missing. Never for production."

    def run(self, **_: Any) -> Output:
        _operators()
        _plans()
        created = [business.slug for business in BUSINESSES if _tenant(business)]
        text = f"Created {' and '.join(created)}." if created else "The demo exists already."
        return Output(text, {"made": created, "password": PASSWORD})


def _operators() -> None:
    for email, name in OPERATORS.items():
        if identity.user_with_email(email) is None:
            with unit_of_work():
                _accept(dispatch(InviteOperator(email=email, name=name), actor=MAKER))


def _plans() -> None:
    """Plans to choose from; the demo tenants have all modules."""
    existing = billing.plan_codes()
    for plan in PLANS:
        if plan.code not in existing:
            dispatch(plan, actor=MAKER)


def _tenant(business: Business) -> bool:
    """Returns whether data was missing. An interrupted demo is completed."""
    tenant = tenants.find(slug=business.slug, state=State.ACTIVE)
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
        if ledger.has_accounts():
            return False
        with unit_of_work():
            people = {role: _person(business, *person, role) for role, person in PEOPLE.items()}
            owner = identity.latest_invitation(tenant.owner_email)
            if owner and owner.current_state == owner.State.INVITED:
                _accept(owner)
            fill(business, business_day(), accountant=people["accountant"], controller=people["controller"])
    return True


def _person(business: Business, login: str, name: str, role: str) -> User:
    email = f"{login}@{business.slug}.example"
    return _accept(dispatch(InviteUser(email=email, name=name, role=role), actor=MAKER))


def _accept(invitation: Invitation) -> User:
    """Without the e-mail, as the address belongs to no person."""
    command = AcceptInvitation(token=invitation.sign_token(), password=PASSWORD)
    user: User = dispatch(command, actor=MAKER)
    return user
