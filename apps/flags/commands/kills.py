"""Commands that turn a flag off at once, and on again."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.bus.approval import approval_kind

from .changes import MANAGE

REVIVAL = approval_kind("flags.revival", title=_("Revival of a killed flag"), permission=MANAGE)


@dataclass(frozen=True, kw_only=True)
class KillFlag(Command):
    """Turn a flag off at once, for all users; in a tenant for its users. This needs no approval, and a review
    afterwards."""

    permission = "flags.kill_flag"
    runs_while_closed = True
    audit_message = gettext_noop("killed the flag {key}: {reason}")

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReviewKill(Command):
    """Record the review of a kill, by another person than its author."""

    permission = MANAGE
    audit_message = gettext_noop("reviewed {result}")

    kill_id: int
    review: str


@dataclass(frozen=True, kw_only=True)
class ReviveFlag(Command):
    """End a kill: the flag serves its revisions again. In production another person approves this."""

    permission = MANAGE
    approval = REVIVAL
    audit_message = gettext_noop("revived {result}: {reason}")

    kill_id: int
    reason: str

    def approval_subject(self) -> str:
        return f"flags_kill:{self.kill_id}"
