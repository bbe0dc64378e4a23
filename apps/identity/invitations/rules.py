"""Validation of invitations."""

from __future__ import annotations

from apps.identity.rules import email_must_be_free, user_limit_must_allow_another

from .errors import AlreadyInvited, InvitationLinkInvalid, InvitationNotOpen, InvitationUnknown
from .models import Invitation


def address_must_not_be_invited(email: str) -> None:
    if Invitation.objects.invited().filter(email__iexact=email).exists():
        raise AlreadyInvited(email=email)


def invitation_must_exist(invitation_id: int) -> Invitation:
    """Locks the invitation."""
    invitation = Invitation.objects.select_for_update().filter(pk=invitation_id).first()
    if invitation is None:
        raise InvitationUnknown(number=invitation_id)
    return invitation


def invitation_must_be_open(invitation_id: int) -> Invitation:
    """Locks the invitation against a concurrent acceptance."""
    invitation = invitation_must_exist(invitation_id)
    if invitation.state != Invitation.State.INVITED:
        raise _not_open(invitation)
    return invitation


def invitation_must_be_resendable(invitation_id: int) -> Invitation:
    """Open, or expired without a user, another invitation of the address, or a limit in the way. Locks it."""
    invitation = invitation_must_exist(invitation_id)
    if invitation.state == Invitation.State.EXPIRED:
        user_limit_must_allow_another()
        address_must_not_be_invited(invitation.email)
    elif invitation.state != Invitation.State.INVITED:
        raise _not_open(invitation)
    email_must_be_free(invitation.email)
    return invitation


def token_must_open(token: str) -> Invitation:
    """Locks the invitation: of two requests with one token, the second finds it accepted."""
    invitation = Invitation.objects.with_token(token).select_for_update().first()
    if invitation is None:
        raise InvitationLinkInvalid
    return invitation


def _not_open(invitation: Invitation) -> InvitationNotOpen:
    return InvitationNotOpen(number=invitation.pk, state=invitation.get_state_display().lower())
