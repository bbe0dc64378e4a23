"""Validation of support access.

Impersonation never reaches equal or higher privilege. Superusers and deactivated users cannot be impersonated. Users
who manage users, and could therefore assign themselves any role, need `impersonation.impersonate_managers`. The rules
run when a ticket is issued, when it is redeemed, and at every request of the session.
"""

from __future__ import annotations

import datetime as dt

from apps.identity import rules as identity
from apps.identity.models import User
from apps.kernel.actors import Actor, acting
from apps.kernel.random_tokens import digest_of
from apps.kernel.tenant import TenantInfo, current_tenant
from apps.tenancy import directory

from . import hooks, queries
from .errors import (
    EndReasonUnknown,
    ImpersonationUnknown,
    OperatorRequired,
    SupportSessionInProgress,
    SupportSessionUnknown,
    TenantSignInClosed,
    TicketInvalid,
    UserIsSuperuser,
    UserManagesUsers,
    UserNotActive,
)
from .models import TICKET_PURPOSE, EndReason, Impersonation, SupportSession

MANAGE_USERS_PERMISSION, IMPERSONATE_MANAGERS_PERMISSION = (
    "identity.manage_users",
    "impersonation.impersonate_managers",
)


def actor_must_be_an_operator() -> User:
    """A user of the platform who acts on the platform, by a session or by a token."""
    actor = acting()
    operator = queries.active_operator(actor.pk) if actor and actor.pk and not current_tenant() else None
    if operator is None:
        raise OperatorRequired(actor=actor)
    return operator


def tenant_must_let_people_sign_in(tenant_id: int) -> TenantInfo:
    tenant = directory.existing(directory.by_id(tenant_id), tenant_id)
    if not queries.sign_in_is_open(tenant):
        raise TenantSignInClosed(tenant=tenant.name)
    return tenant


def support_access_must_be_allowed() -> None:
    """Raises the refusals of the current tenant's own checks."""
    hooks.run_support_checks()


def user_must_allow_impersonation(user_id: int, *, as_manager: bool) -> User:
    user = identity.user_must_exist(user_id)
    user_must_have_lower_privilege(user, as_manager=as_manager)
    return user


def user_must_have_lower_privilege(user: User, *, as_manager: bool) -> None:
    if not user.is_active:
        raise UserNotActive(user=user)
    if user.is_superuser:
        raise UserIsSuperuser(user=user)
    if not as_manager and user.has_perm(MANAGE_USERS_PERMISSION):
        raise UserManagesUsers(user=user, permission=IMPERSONATE_MANAGERS_PERMISSION)


def may_impersonate_managers(operator: Actor | None) -> bool:
    return operator is not None and operator.has_perm(IMPERSONATE_MANAGERS_PERMISSION)


def operator_must_be_outside_tenants(operator: User) -> None:
    """One session per operator. Locks the operator's row, so that ticket requests are serialised. An unused ticket or
    an expired session is ended and replaced."""
    User.objects.select_for_update().get(pk=operator.pk)
    for earlier in Impersonation.objects.open().filter(operator_id=operator.pk):
        if earlier.entered_at and earlier.overdue_reason() is None:
            raise SupportSessionInProgress(
                operator=operator, impersonation=earlier, until=_clock(earlier.ends_at)
            )
        earlier.end(EndReason.EXPIRED if earlier.entered_at else EndReason.TICKET_UNUSED)


def ticket_must_open(ticket: str, tenant_id: int) -> Impersonation:
    """Redeems the ticket."""
    redeemed = Impersonation.objects.redeem(digest_of(TICKET_PURPOSE, ticket), tenant_id)
    if redeemed is None:
        raise TicketInvalid
    return redeemed


def impersonation_must_exist(impersonation_id: int) -> Impersonation:
    impersonation = Impersonation.objects.filter(pk=impersonation_id).first()
    if impersonation is None:
        raise ImpersonationUnknown(impersonation_id=impersonation_id)
    return impersonation


def end_reason_must_be_known(end_reason: str) -> EndReason:
    try:
        return EndReason(end_reason)
    except ValueError:
        raise EndReasonUnknown(end_reason=end_reason) from None


def support_session_must_be_open(number: int) -> SupportSession:
    support_session = SupportSession.objects.select_for_update().filter(number=number, ended_at=None).first()
    if support_session is None:
        raise SupportSessionUnknown(number=number)
    return support_session


def _clock(instant: dt.datetime | None) -> str:
    return f"{instant:%H:%M} UTC" if instant else ""
