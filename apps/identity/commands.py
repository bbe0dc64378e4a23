"""The commands of identity."""

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class InviteUser(Command):
    """Invite a user with one role. The user chooses a password by a one-time link."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("invited {email} as {role}")

    email: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class InviteOperator(Command):
    """Invite an operator of the platform, with every permission in the operator console."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("invited {email} as an operator of the platform")

    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Set the password of a user."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = gettext_noop("set the password of {result}")

    user_id: int
    password: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class ChangeRoles(Command):
    """Replace the roles of a user. They take effect at once, in the console and in all tokens."""

    permission = "identity.manage_users"
    by_support = False
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
    audit_message = gettext_noop("deactivated {result}")

    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateUser(Command):
    """Reactivate a user, with the roles from before the deactivation."""

    permission = "identity.manage_users"
    by_support = False
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


@dataclass(frozen=True, kw_only=True)
class EndSession(Command):
    """Sign a device out. Its tokens become invalid at once."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("ended {result}")

    session_id: int
    reason: str = "signed out"


@dataclass(frozen=True, kw_only=True)
class EndStolenSession(Command):
    """End a session whose refresh token was used twice."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("ended {result}, because its refresh token was used twice")

    session_id: int
