"""What identity can be asked."""

from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class InviteUser(Command):
    """Let somebody in, with one role. He chooses his password by a link that works once."""

    permission = "identity.manage_users"
    by_support = False
    says = "invited {email} as {role}"

    email: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class InviteOperator(Command):
    """Make somebody an operator of the platform, who may do everything at the operator's console."""

    permission = "identity.manage_users"
    says = "invited {email} as an operator of the platform"

    email: str
    name: str


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Give a user a password."""

    permission = "identity.manage_users"
    by_support = False
    says = "set the password of {result}"

    user_id: int
    password: str = field(metadata=secret, repr=False)
