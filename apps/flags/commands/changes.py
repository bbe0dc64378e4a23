"""Commands that change what flags serve: a draft first, then its publication."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.bus.approval import approval_kind

MANAGE = "flags.manage_flags"

CHANGE = approval_kind(
    "flags.change",
    title=_("Change of feature flags"),
    permission=MANAGE,
)


@dataclass(frozen=True, kw_only=True)
class CreateFlag(Command):
    """Create a flag. It serves nothing until its first revision is published."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("created the flag {key}")

    key: str
    category: str
    description: str
    owner: str
    expires_on: dt.date
    document: dict[str, Any]
    reason: str


@dataclass(frozen=True)
class ItemChange:
    """The new document of a flag, segment or override; None removes it. `base` is the revision that it was edited
    from, 0 for none."""

    kind: str
    key: str
    document: dict[str, Any] | None
    base: int


@dataclass(frozen=True, kw_only=True)
class ProposeChange(Command):
    """Store a change of flags, segments or overrides as a draft. It is served after its publication.

    effective_at  the instant from which it is served; empty: from its publication on
    replaces      the draft that this one corrects: it is withdrawn, with its approval; 0 for none
    """

    permission = MANAGE
    audit_message = gettext_noop("proposed {result}: {reason}")

    items: tuple[ItemChange, ...]
    reason: str
    effective_at: dt.datetime | None = None
    origin: str = "edit"
    replaces: int = 0


@dataclass(frozen=True, kw_only=True)
class UpdateFlag(Command):
    """Store a new document of a flag as a draft."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("proposed {result} of the flag {key}: {reason}")

    key: str
    document: dict[str, Any]
    base: int
    reason: str
    effective_at: dt.datetime | None = None


@dataclass(frozen=True, kw_only=True)
class WithdrawChangeSet(Command):
    """Withdraw a draft. It is never served."""

    permission = MANAGE
    audit_message = gettext_noop("withdrew {result}: {reason}")

    change_set_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class CancelScheduledChange(Command):
    """Cancel a published change set before it takes effect. What is served now stays, so this needs no approval."""

    permission = MANAGE
    audit_message = gettext_noop("cancelled {result}: {reason}")

    change_set_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PublishChangeSet(Command):
    """Serve the revisions of a draft, from now or from its date on. In production another person approves this."""

    permission = MANAGE
    approval = CHANGE
    schedulable = True
    audit_message = gettext_noop("published {result}: {reason}")

    change_set_id: int
    reason: str

    def approval_subject(self) -> str:
        return f"flags_changeset:{self.change_set_id}"
