"""What must be true of the audit log before something is done to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from . import archives, queries
from .errors import AlreadyArchived, NothingToArchive, PersonNotInAuditLog, PersonTooVague
from .models import Archive, Segment
from .queries import ErasurePlan

LEAST = 4
"""Characters of a text that names somebody."""


def something_must_be_due(before: dt.date) -> list[list[Segment]]:
    found = archives.due(before)
    if not found:
        raise NothingToArchive(before=before)
    return found


def segments_must_stand_here(retention: str, first: int, last: int) -> list[Segment]:
    taken = Archive.objects.filter(retention=retention, first_segment__lte=last, last_segment__gte=first)
    if taken.exists():
        raise AlreadyArchived(retention=retention, first=first)
    return list(Segment.objects.filter(retention=retention, number__range=(first, last)).order_by("number"))


def person_must_be_clear(user_id: int | None, texts: Sequence[str]) -> None:
    for text in texts or (() if user_id else ("",)):
        if len(text.strip()) < LEAST:
            raise PersonTooVague(least=LEAST, text=text)


def person_must_be_in_the_audit_log(user_id: int | None, texts: Sequence[str]) -> ErasurePlan:
    plan = queries.erasure_plan(user_id, texts)
    if not plan.records and not plan.words:
        raise PersonNotInAuditLog()
    return plan
