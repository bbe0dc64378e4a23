"""Rules of the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from . import cold_storage
from .erasure_plan import ErasurePlan, erasure_plan
from .errors import AlreadyInColdStorage, NothingDueForColdStorage, PersonNotInAuditLog, PersonTooVague
from .models import ColdStorageFile, Segment

MIN_TEXT_LENGTH = 4
"""Characters of a text that identifies a person."""


def records_must_be_due(before: dt.date) -> list[list[Segment]]:
    due_files = cold_storage.due(before)
    if not due_files:
        raise NothingDueForColdStorage(before=before)
    return due_files


def segments_must_be_stored_here(retention: str, first: int, last: int) -> list[Segment]:
    taken = ColdStorageFile.objects.filter(
        retention=retention, first_segment__lte=last, last_segment__gte=first
    )
    if taken.exists():
        raise AlreadyInColdStorage(retention=retention, first=first)
    return list(Segment.objects.filter(retention=retention, number__range=(first, last)).order_by("number"))


def person_must_be_clear(user_id: int | None, texts: Sequence[str]) -> None:
    for text in texts or (() if user_id else ("",)):
        if len(text.strip()) < MIN_TEXT_LENGTH:
            raise PersonTooVague(least=MIN_TEXT_LENGTH, text=text)


def person_must_be_in_the_audit_log(user_id: int | None, texts: Sequence[str]) -> ErasurePlan:
    plan = erasure_plan(user_id, texts)
    if not plan.records and not plan.columns:
        raise PersonNotInAuditLog()
    return plan
