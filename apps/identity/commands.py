"""What identity can be asked."""

from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class InviteUser(Command):
    """Let somebody in, with one role. He chooses his password by a link that works once."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = "invited {email} as {role}"

    email: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class InviteOperator(Command):
    """Make somebody an operator of the platform, who may do everything at the operator's console."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = "invited {email} as an operator of the platform"

    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Give a user a password."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = "set the password of {result}"

    user_id: int
    password: str = field(metadata=secret, repr=False)


@dataclass(frozen=True, kw_only=True)
class ChangeRoles(Command):
    """Give somebody other roles. They hold at once, in every console and token of his."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = "gave {result} the roles {named}"

    user_id: int
    roles: tuple[str, ...]
    reason: str = ""

    @property
    def named(self) -> str:
        return ", ".join(self.roles)

    def sentence(self, result: object) -> str:
        return self.audit_message.format(result=result, named=self.named)


@dataclass(frozen=True, kw_only=True)
class DeactivateUser(Command):
    """Shut somebody out. He cannot sign in any more, and his sessions end at once; what he did stays."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = "shut out {result}"

    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateUser(Command):
    """Let somebody in again who was shut out. His roles are as they were."""

    permission = "identity.manage_users"
    by_support = False
    audit_message = "let {result} in again"

    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class BeginSession(Command):
    """Sign somebody in over the API, whose password was right."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = "signed in over the API"

    user_id: int
    epoch: int
    device: str = ""


@dataclass(frozen=True, kw_only=True)
class EndSession(Command):
    """Sign a device out. Its tokens end at once."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = "ended {result}"

    session_id: int
    reason: str = "signed out"


@dataclass(frozen=True, kw_only=True)
class EndStolenSession(Command):
    """End a session whose refresh token was shown twice."""

    permission = "identity.manage_users"
    runs_while_closed = True
    by_support = False
    audit_message = "ended {result}, since a refresh token of it was used twice"

    session_id: int
