"""Users of tests, invited like others; their invitations are accepted without an e-mail."""

from __future__ import annotations

from apps.bus import dispatch
from apps.identity.commands import AcceptInvitation, InviteUser
from apps.identity.models import Invitation, User
from apps.kernel.actors import Actor, System

PASSWORD = "correct horse battery"
TESTER = System("The suite")


def new_user(email: str, name: str, role: str, *, actor: Actor = TESTER) -> User:
    """A user of the current tenant, with PASSWORD."""
    return accept(dispatch(InviteUser(email=email, name=name, role=role), actor=actor))


def accept(invitation: Invitation) -> User:
    command = AcceptInvitation(token=invitation.sign_token(), password=PASSWORD)
    user: User = dispatch(command, actor=TESTER)
    return user


def accept_all() -> None:
    """Accepts the open invitations of the current tenant, such as its owner's."""
    for invitation in Invitation.objects.open():
        accept(invitation)
