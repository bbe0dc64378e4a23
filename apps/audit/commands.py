"""Commands of the audit log. Reading it is no command, but is recorded too (access_log.py)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from apps.bus import FRESH_S, Command
from apps.bus.approval import approval_kind
from apps.kernel.plain import secret, verbatim

PERSON_ERASURE = approval_kind(
    "audit.person_erasure",
    title=_("Erasure of a person"),
    permission="audit.erase_person",
    required="always",
)


@dataclass(frozen=True, kw_only=True)
class MoveToColdStorage(Command):
    """Write sealed records past their retention to files in the object store, then drop them here.

    Records younger than the retention of their class stay, whatever the date. Segments stay as checkpoints, so that the
    whole chain can still be verified.
    """

    permission = "audit.manage_retention"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("moved {result} of the audit log from before {before} to cold storage")
    atomic = False
    queue = "audit"  # its worker has the key

    before: dt.date
    reason: str


@dataclass(frozen=True, kw_only=True)
class DropRecordsInColdStorage(Command):
    """Drop the records of segments after their cold storage file was read back and verified."""

    permission = "audit.manage_retention"
    runs_while_closed = True
    by_support = False
    audit_message = gettext_noop("dropped the records that are stored in {result}")

    retention: str
    first_segment: int
    last_segment: int
    file: str = field(metadata=verbatim)


@dataclass(frozen=True, kw_only=True)
class ErasePerson(Command):
    """Erase a person from the audit log: names, sentences and texts about them. The chain stays valid.

    The person is identified by the user's number, by texts such as the mail address and the full name, or both.
    Contents of financial records are retained for the legal period.
    """

    permission = "audit.erase_person"
    runs_while_closed = True
    by_support = False
    fresh_authentication_s = FRESH_S
    approval = PERSON_ERASURE
    queue = "audit"  # its worker has the key
    audit_message = gettext_noop("erased a person from {result}")

    user_id: int | None = None
    texts: tuple[str, ...] = field(default=(), metadata=secret, repr=False)
    reason: str
