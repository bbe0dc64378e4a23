"""What notices can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret

TELL = "notices.tell_people"
MANAGE_TARGETS = "notices.manage_targets"


@dataclass(frozen=True, kw_only=True)
class TellPeople(Command):
    """Tell people something: by e-mail those whom you name, by chat every target that hears this kind.

    to        e-mail addresses, a role ("owner"), or at the platform "operators". A tenant tells its own people alone
    channels  "email", "chat"
    key       what is told under a key is told once, whatever the words
    """

    permission = TELL
    by_support = False
    audit_message = "told people: {result}"

    subject: str
    text: str
    kind: str = "note"
    to: tuple[str, ...] = ()
    channels: tuple[str, ...] = ("email", "chat")
    key: str = ""


@dataclass(frozen=True, kw_only=True)
class SendCopyAgain(Command):
    """Send somebody's copy of a notice again, from the first attempt."""

    permission = TELL
    audit_message = "sent {result} again"

    copy_id: int


@dataclass(frozen=True, kw_only=True)
class AddTarget(Command):
    """Have notices told in a chat. It hears every kind unless you name some. Its address is a secret and is not shown
    again."""

    permission = MANAGE_TARGETS
    by_support = False
    audit_message = "added the notice target {result}"

    name: str
    address: str = field(metadata=secret, repr=False)
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RemoveTarget(Command):
    """Tell this chat nothing more. Its address is forgotten; what waits for it is given up."""

    permission = MANAGE_TARGETS
    audit_message = "removed the notice target {result}: {reason}"

    target_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class TryTarget(Command):
    """Tell this chat that it can be reached, and nothing else."""

    permission = MANAGE_TARGETS
    audit_message = "sent {result}"

    target_id: int


@dataclass(frozen=True, kw_only=True)
class ResealAddresses(Command):
    """Seal every chat address under the newest key of the installation, so that an older key can be dropped."""

    permission = MANAGE_TARGETS
    runs_while_closed = True
    audit_message = "sealed {result} chat addresses under the newest key"
