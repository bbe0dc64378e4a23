"""Commands of a flag's life: its owner, its extension and its end."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.bus.approval import approval_kind

from .changes import MANAGE

EXTENSION = approval_kind("flags.extension", title=_("Extension of a feature flag"), permission=MANAGE)


@dataclass(frozen=True, kw_only=True)
class ExtendFlag(Command):
    """Move the expiry date of a flag. Its category limits the number and length of extensions. In production another
    person approves this."""

    platform = True
    permission = MANAGE
    approval = EXTENSION
    audit_message = gettext_noop("extended the flag {result} until {expires_on}: {reason}")

    flag_id: int
    expires_on: dt.date
    reason: str

    def approval_subject(self) -> str:
        return f"flags_flag:{self.flag_id}"


@dataclass(frozen=True, kw_only=True)
class TransferFlag(Command):
    """Change the owner of a flag, which receives its alerts."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("transferred the flag {key} to {owner}: {reason}")

    key: str
    owner: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetireFlag(Command):
    """Propose the end of a flag. After the publication of the change its callers receive their own default, and what
    still refers to it in code is listed."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("proposed {result}, the retirement of the flag {key}: {reason}")

    key: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReportStaleFlag(Command):
    """Record whether and why a flag is stale, and alert its owner once a week, later also those that manage flags."""

    platform = True
    permission = MANAGE
    audit_message = gettext_noop("checked whether the flag {key} is stale: {result}")

    key: str
