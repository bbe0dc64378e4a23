"""The handlers of invitations."""

from __future__ import annotations

from apps.bus import handles
from apps.events import publish
from apps.identity import rules as users
from apps.identity.commands import (
    AcceptInvitation,
    ExpireInvitations,
    InviteOperator,
    InviteUser,
    ResendInvitation,
    RevokeInvitation,
)
from apps.identity.events import InvitationAccepted, InvitationIssued, InvitationRevoked
from apps.identity.models import User
from apps.kernel.actors import acting
from apps.kernel.clock import now
from apps.kernel.errors import Together, together
from apps.kernel.tenant import current_tenant

from . import rules
from .models import Invitation


@handles(InviteUser, emits=(InvitationIssued,))
def invite_user(command: InviteUser) -> Invitation:
    with together() as checks:
        checks.check(users.only_tenants_have_roles)
        checks.check(users.user_limit_must_allow_another)
        checks.check(users.role_must_exist, command.role)
        _check_address(checks, command.email)

    return _invite(command.email, command.name, role=command.role)


@handles(InviteOperator, emits=(InvitationIssued,))
def invite_operator(command: InviteOperator) -> Invitation:
    with together() as checks:
        checks.check(users.only_the_platform_has_operators)
        _check_address(checks, command.email)

    return _invite(command.email, command.name, role="")


@handles(ResendInvitation, emits=(InvitationIssued,))
def resend_invitation(command: ResendInvitation) -> Invitation:
    invitation = rules.invitation_must_be_resendable(command.invitation_id)

    invitation.issue(str(acting()))

    publish(InvitationIssued(invitation_id=invitation.pk))
    return invitation


@handles(RevokeInvitation, emits=(InvitationRevoked,))
def revoke_invitation(command: RevokeInvitation) -> Invitation:
    invitation = rules.invitation_must_be_open(command.invitation_id)

    invitation.end(Invitation.State.REVOKED)

    publish(InvitationRevoked(invitation_id=invitation.pk))
    return invitation


@handles(AcceptInvitation, emits=(InvitationAccepted,))
def accept_invitation(command: AcceptInvitation) -> User:
    invitation = rules.token_must_open(command.token)
    user = _future_user(invitation)
    with together() as checks:
        checks.check(users.email_must_be_free, invitation.email)
        checks.check(users.password_must_be_strong, command.password, user)

    user.set_password(command.password)
    user.save()
    if invitation.role:
        user.groups.set([users.role_must_exist(invitation.role)])
    invitation.end(Invitation.State.ACCEPTED, user)

    publish(InvitationAccepted(invitation_id=invitation.pk, user_id=user.pk))
    return user


@handles(ExpireInvitations)
def expire_invitations(command: ExpireInvitations) -> int:
    overdue = list(Invitation.objects.overdue().select_for_update(skip_locked=True))

    for invitation in overdue:
        invitation.end(Invitation.State.EXPIRED)

    return len(overdue)


def _check_address(checks: Together, email: str) -> None:
    checks.check(users.email_must_be_well_formed, email)
    checks.check(users.email_must_be_free, email)
    checks.check(rules.address_must_not_be_invited, email)


def _invite(email: str, name: str, *, role: str) -> Invitation:
    invitation = Invitation(email=email.lower(), name=name, role=role)
    invitation.issue(str(acting()))

    publish(InvitationIssued(invitation_id=invitation.pk))
    return invitation


def _future_user(invitation: Invitation) -> User:
    """Operators exist on the platform only; there they have every permission."""
    is_operator = current_tenant() is None
    return User(email=invitation.email, name=invitation.name, is_superuser=is_operator, joined_at=now())
