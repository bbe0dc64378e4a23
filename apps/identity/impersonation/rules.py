"""What must be true before an operator is a tenant's user.

Never onto equal or higher privilege: nobody enters as a user who may do everything; as one who manages the tenant's
users, and so could give himself any role, only with the permission `identity.impersonate_managers`; as one who may not
sign in himself, never. It is asked when the ticket is given, when it is used, and at every click in between and after.
"""

from __future__ import annotations

import datetime as dt

from apps.identity import hooks
from apps.identity import rules as identity
from apps.identity.models import User
from apps.kernel.actors import Actor, acting
from apps.kernel.tenant import TenantInfo, current_tenant
from apps.tenancy import directory
from apps.tenancy.errors import TenantUnknown

from . import queries, tickets
from .errors import (
    AlreadyInside,
    EndingUnknown,
    ImpersonationUnknown,
    OnlyOperatorsEnter,
    ReasonMissing,
    TenantNotServed,
    TicketWorthless,
    UserIsPlatform,
    UserManagesUsers,
    UserNotActive,
    VisitUnknown,
)
from .models import How, Impersonation, Visit

MANAGES, ENTERS_AS_MANAGER = "identity.manage_users", "identity.impersonate_managers"


def reason_must_be_given(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason.strip()


def actor_must_be_an_operator() -> User:
    """A person of the platform, who acts on the platform, whether he signed in or showed a token."""
    actor = acting()
    operator = queries.operator_numbered(actor.pk) if actor and actor.pk and not current_tenant() else None
    if operator is None:
        raise OnlyOperatorsEnter(actor=actor)
    return operator


def tenant_must_let_people_sign_in(tenant_id: int) -> TenantInfo:
    tenant = directory.by_id(tenant_id)
    if tenant is None:
        raise TenantUnknown(slug=tenant_id)
    if not queries.is_served(tenant):
        raise TenantNotServed(tenant=tenant.name)
    return tenant


def support_must_be_welcome() -> None:
    """Raises what the current tenant's own checks raise."""
    hooks.ask_whether_support_may_be_here()


def user_must_be_open_to_support(user_id: int, *, as_manager: bool) -> User:
    user = identity.user_must_exist(user_id)
    user_must_be_below(user, as_manager=as_manager)
    return user


def user_must_be_below(user: User, *, as_manager: bool) -> None:
    if not user.is_active:
        raise UserNotActive(user=user)
    if user.is_superuser:
        raise UserIsPlatform(user=user)
    if not as_manager and user.has_perm(MANAGES):
        raise UserManagesUsers(user=user, permission=ENTERS_AS_MANAGER)


def may_enter_as_manager(operator: Actor | None) -> bool:
    return operator is not None and operator.has_perm(ENTERS_AS_MANAGER)


def operator_must_be_outside(operator: User) -> None:
    """One visit at a time. The operator's row is held, so that two tickets are asked for one after the other; one that
    was not used yet, or whose time is over, makes room."""
    User.objects.select_for_update().get(pk=operator.pk)
    for earlier in Impersonation.objects.open().filter(operator_id=operator.pk):
        if earlier.entered_at and earlier.why_over() is None:
            raise AlreadyInside(operator=operator, where=earlier, until=_clock(earlier.ends_at))
        earlier.end(How.EXPIRED if earlier.entered_at else How.NEVER)


def ticket_must_open(ticket: str, tenant_id: int) -> Impersonation:
    """Burns it."""
    burnt = Impersonation.objects.burn(tickets.hashed(ticket), tenant_id)
    if burnt is None:
        raise TicketWorthless
    return burnt


def impersonation_must_exist(impersonation_id: int) -> Impersonation:
    found = Impersonation.objects.filter(pk=impersonation_id).first()
    if found is None:
        raise ImpersonationUnknown(impersonation_id=impersonation_id)
    return found


def ending_must_be_known(how: str) -> How:
    try:
        return How(how)
    except ValueError:
        raise EndingUnknown(how=how) from None


def visit_must_be_open(number: int) -> Visit:
    visit = Visit.objects.select_for_update().filter(number=number, ended_at=None).first()
    if visit is None:
        raise VisitUnknown(number=number)
    return visit


def _clock(instant: dt.datetime | None) -> str:
    return f"{instant:%H:%M} UTC" if instant else ""
