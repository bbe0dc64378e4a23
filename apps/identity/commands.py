"""What identity can be asked."""

from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class InviteUser(Command):
    """Let somebody in, with one role. He chooses his password by a link that works once."""

    permission = "identity.manage_users"
    says = "invited {email} as {role}"

    email: str
    name: str
    role: str


@dataclass(frozen=True, kw_only=True)
class SetPassword(Command):
    """Give a user a password."""

    permission = "identity.manage_users"
    says = "set the password of {result}"

    user_id: int
    password: str = field(metadata=secret, repr=False)
