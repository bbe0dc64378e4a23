"""E-mails about invitations, and about changes of accounts."""

from __future__ import annotations

from apps.events import listens_to

from .accounts import mails
from .events import AddressChanged, AddressChangeRequested, InvitationIssued
from .invitations.mails import send_invitation
from .models import Invitation, User


@listens_to(InvitationIssued)
def send_invitation_link(event: InvitationIssued) -> None:
    """The lock keeps a revocation waiting until the e-mail is sent; an invitation that has ended sends none."""
    invitation = Invitation.objects.open().select_for_update().filter(pk=event.invitation_id).first()
    if invitation is not None:
        send_invitation(invitation)


@listens_to(AddressChangeRequested)
def send_address_link(event: AddressChangeRequested) -> None:
    """To the new address the link, to the present one a notice. A change that was replaced or has lapsed sends
    none."""
    user = User.objects.filter(pk=event.user_id, new_email=event.new_email, is_active=True).first()
    if user is not None:
        mails.send_address_link(user)
        mails.notify_of_address_change(user)


@listens_to(AddressChanged)
def notify_former_address(event: AddressChanged) -> None:
    user = User.objects.filter(pk=event.user_id).first()
    if user is not None:
        mails.notify_former_address(user, event.former_email)
