"""Events of invitations, accounts and sessions."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class _OfInvitation(Event):
    """Ids only: a reader of the event cannot accept the invitation."""

    invitation_id: int

    @property
    def aggregate(self) -> str:
        return f"invitation:{self.invitation_id}"


@dataclass(frozen=True, kw_only=True)
class InvitationIssued(_OfInvitation):
    """A person was invited, or the invitation was resent. An e-mail with a new link follows."""

    name = "invitation.issued"


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(_OfInvitation):
    """The invited person chose a password, and is a user from now on."""

    name = "invitation.accepted"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class InvitationRevoked(_OfInvitation):
    """An administrator revoked the invitation."""

    name = "invitation.revoked"


@dataclass(frozen=True, kw_only=True)
class RefreshTokenReused(Event):
    """A refresh token was used twice, so it may have been stolen. Its session has ended."""

    name = "refresh_token.reused"

    session_id: int
    user_id: int
    user_name: str
    device: str

    @property
    def aggregate(self) -> str:
        return f"api_session:{self.session_id}"


@dataclass(frozen=True, kw_only=True)
class AddressChangeRequested(Event):
    """A user requested another e-mail address. It takes effect when the link in an e-mail to it is opened."""

    name = "address_change.requested"

    user_id: int
    email: str
    new_email: str

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"


@dataclass(frozen=True, kw_only=True)
class AddressChanged(Event):
    """The e-mail address of a user changed: they sign in with it from now on."""

    name = "address.changed"

    user_id: int
    email: str
    former_email: str

    @property
    def aggregate(self) -> str:
        return f"user:{self.user_id}"
