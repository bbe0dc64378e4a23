"""The e-mail of an invitation."""

from __future__ import annotations

from django.utils.translation import gettext

from apps.identity.accounts import mails
from apps.identity.accounts.links import console_link

from .models import Invitation


def send_invitation(invitation: Invitation) -> None:
    """With a new link, which is stored nowhere and voids earlier ones."""
    organisation = mails.organisation()
    mails.send(
        gettext("Your invitation to {organisation}").format(organisation=organisation),
        "identity/emails/invitation.txt",
        to=invitation.email,
        invitation=invitation,
        link=console_link("account_accept_invitation", token=invitation.sign_token()),
    )
