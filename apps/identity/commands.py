"""The commands of identity. Those of invitations return no secret: the link is in the e-mail only."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class InviteUser(Command):
    """Invite a user with one role. An e-mail with a link is sent to the address; the user exists when the invited
    person has chosen a password there, within seven days."""

    permission = "identity.manage_users"
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("invited {email} as {role}")

    email: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class InviteOperator(Command):
    """Invite an operator of the platform, with every permission in the operator console. An e-mail with a link is sent
    to the address; it is valid for seven days."""

    permission = "identity.manage_users"
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("invited {email} as an operator of the platform")

    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class ResendInvitation(Command):
    """Send another e-mail with a new link, valid for seven days. The earlier link is void."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("resent the invitation of {result}")

    invitation_id: int


@dataclass(frozen=True, kw_only=True)
class RevokeInvitation(Command):
    """Revoke an open invitation. Its link is void at once."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("revoked the invitation of {result}")

    invitation_id: int


@dataclass(frozen=True, kw_only=True)
class AcceptInvitation(Command):
    """Accept an invitation by the token of its link: creates the user, with the chosen password."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("accepted an invitation and is the user {result}")

    token: str = field(metadata=secret, repr=False)
    password: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class ExpireInvitations(Command):
    """Mark the invitations as expired whose term is over."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("marked {result} invitations as expired")


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Set the password of a user."""

    permission = "identity.manage_users"
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("set the password of {result}")

    user_id: int
    password: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class ChangeRoles(Command):
    """Replace the roles of a user. They take effect at once, in the console and in all tokens."""

    permission = "identity.manage_users"
    by_support = False
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("changed the roles of {result} to {role_names}")

    user_id: int
    roles: tuple[str, ...]
    reason: str = ""

    @property
    def role_names(self) -> str:
        return ", ".join(self.roles)


@dataclass(frozen=True, kw_only=True)
class DeactivateUser(Command):
    """Deactivate a user. Their sessions end at once and they can no longer sign in; their records remain."""

    permission = "identity.manage_users"
    by_support = False
    schedulable = True
    audit_message = gettext_noop("deactivated {result}")

    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateUser(Command):
    """Reactivate a user, with the roles from before the deactivation."""

    permission = "identity.manage_users"
    by_support = False
    schedulable = True
    fresh_authentication_s = FRESH_S
    audit_message = gettext_noop("reactivated {result}")

    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class BeginSession(Command):
    """Start an API session for a user after successful sign-in."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("signed in over the API")

    user_id: int
    epoch: int
    device: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class BeginConsoleSession(Command):
    """Start a console session for a user after successful sign-in."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("signed in to the console")

    user_id: int
    epoch: int
    device: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class EndSession(Command):
    """Sign a device out. Its next request is refused."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("ended {result}")

    session_id: int
    reason: str = "signed out"


@dataclass(frozen=True, kw_only=True)
class EndSessions(Command):
    """Sign a user out on all devices, or on all but one. The next request of each is refused."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("ended the sessions of {result}")

    user_id: int
    staying_session_id: int | None = None
    reason: str = "signed out on all devices"


@dataclass(frozen=True, kw_only=True)
class EndStolenSession(Command):
    """End a session whose refresh token was used twice."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("ended {result}, because its refresh token was used twice")

    session_id: int
