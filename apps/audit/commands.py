"""What the audit log can be asked. Reading it is no command; it leaves a trace all the same (reading.py)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from apps.bus import Command
from apps.kernel.plain import secret


@dataclass(frozen=True, kw_only=True)
class ArchiveAuditLog(Command):
    """Write sealed records that are past their time into the object store, then drop them here.

    Each class has its years; younger records stay, whatever the date. Their segments stay as checkpoints, so that the
    chain still verifies from the first to the last.
    """

    permission = "audit.manage_retention"
    runs_while_closed = True
    by_support = False
    audit_message = "archived {result} of the audit log from before {before}"
    atomic = False

    before: dt.date
    reason: str


@dataclass(frozen=True, kw_only=True)
class DropArchived(Command):
    """Drop the records of segments that an archive holds. The archive is read back before."""

    permission = "audit.manage_retention"
    runs_while_closed = True
    by_support = False
    audit_message = "dropped the records that {result} holds"

    retention: str
    first_segment: int
    last_segment: int
    file: str


@dataclass(frozen=True, kw_only=True)
class ErasePerson(Command):
    """Erase a person from the audit log: names, sentences, and what was said of him. The chain stays whole.

    The person is named by the user's number, by texts such as the mail address and the full name, or both. What
    financial records say is kept until the law lets it go.
    """

    permission = "audit.erase_person"
    runs_while_closed = True
    by_support = False
    audit_message = "erased a person from {result}"

    user_id: int | None = None
    texts: tuple[str, ...] = field(default=(), metadata=secret, repr=False)
    reason: str
