"""Queries of the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.db.models import Max, Q, Sum
from django.utils.translation import gettext

from apps.kernel.search import Search

from . import cold_storage, retention, sealing
from .models import CommandMinute, Record, RecordQuerySet, Segment, Verification
from .rollup.models import CommandMinuteQuerySet
from .values import shown


def latest(limit: int = 10) -> RecordQuerySet:
    """The newest records of the current tenant, without read access."""
    return Record.objects.without_readings().order_by("-id")[:limit]


def history_of(subject: models.Model) -> RecordQuerySet:
    """Records about one object, newest first."""
    return history_of_object(subject._meta.label_lower, str(subject.pk))


def history_of_object(subject_type: str, subject_id: str) -> RecordQuerySet:
    """The same by name: `ledger.entry`, `17`. Includes commands about another object that changed this one."""
    name = f"{subject_type}:{subject_id}"
    about = Q(subject_type=subject_type, subject_id=subject_id) | Q(changes__contains=[{"object": name}])
    return Record.objects.without_readings().filter(about).order_by("-id")


def history_of_person(user_id: int) -> RecordQuerySet:
    """Records of one person's commands, newest first."""
    return Record.objects.without_readings().by(user_id).order_by("-id")


RECORDS = Search(texts=("sentence", "actor_name", "impersonator_name", "reason", "correlation_id"))
"""What is searched in records."""


def described_changes(record: Record) -> Iterator[str]:
    """The changes of a record as sentences: "Status: open became closed"."""
    for change in record.changes:
        name = str(change["field"]).replace("_", " ").capitalize()
        yield gettext("{field}: {before} became {after}").format(
            field=name, before=shown(change["before"]), after=shown(change["after"])
        )


def segment_of(record: Record) -> Segment | None:
    """The segment that contains the record; None before it is sealed."""
    within = "(%s::xid8, %s) > (after_xid, after_id) AND (%s::xid8, %s) <= (last_xid, last_id)"
    values = [str(record.xid), record.pk] * 2
    return (
        Segment.objects.filter(retention=record.retention).extra(where=[within], params=values).first()  # noqa: S610 - constants
    )


def head() -> Segment | None:
    return Segment.objects.order_by("-number").first()


def unsealed_since() -> dt.datetime | None:
    """When the oldest record was written that is not sealed."""
    return sealing.unsealed_since()


def last_verification() -> Verification | None:
    """The newest verification that is complete or found a fault."""
    return Verification.objects.filter(Q(stopped_at=0) | Q(intact=False)).order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Due:
    """Records of one class that a move to cold storage would take."""

    retention: str
    years: int
    segments: int
    records: int
    newest_at: dt.datetime


def due_for_cold_storage(before: dt.date) -> list[Due]:
    """The preview of MoveToColdStorage."""
    by_class: dict[str, list[Segment]] = {}
    for segments in cold_storage.due(before):
        by_class.setdefault(segments[0].retention, []).extend(segments)
    return [
        Due(
            name,
            retention.classes()[name],
            len(segments),
            sum(segment.records for segment in segments),
            max(segment.newest_at for segment in segments),
        )
        for name, segments in by_class.items()
    ]


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the audit log is sealed. `intact` is None before the first verification."""

    segment: int
    hash: str
    sealed_at: dt.datetime | None
    records: int
    waiting: int
    verified_at: dt.datetime | None
    intact: bool | None


def seal() -> Seal:
    newest, verification = head(), last_verification()
    return Seal(
        segment=newest.number if newest else 0,
        hash=newest.hash if newest else "",
        sealed_at=newest.sealed_at if newest else None,
        records=Segment.objects.aggregate(total=Sum("records"))["total"] or 0,
        waiting=sum(count for _, count in sealing.waiting()),
        verified_at=verification.at if verification else None,
        intact=verification.intact if verification else None,
    )


def command_minutes(since: dt.datetime, until: dt.datetime | None = None) -> CommandMinuteQuerySet:
    """Commands of the current tenant, without read access: `command_minutes(since).by_module()`. At most 35 days back,
    and up to the last run of the scheduled task, every half a minute."""
    return CommandMinute.objects.between(since, until)


def has_correlation_id(correlation_id: str) -> bool:
    return Record.objects.filter(correlation_id=correlation_id).exists()


def records() -> RecordQuerySet:
    """All records of the current tenant, the oldest first."""
    return Record.objects.order_by("id")


def last_id() -> int:
    """Of the newest record; 0 without one."""
    return Record.objects.aggregate(last=Max("id"))["last"] or 0
