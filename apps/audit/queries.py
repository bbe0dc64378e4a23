"""Queries of the audit log."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext

from . import cold_storage, retention, sealing
from .models import Record, RecordQuerySet, Segment, Verification


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


def search(text: str) -> Q:
    """Records with the text in their sentence, actor or reason, or as their correlation id."""
    named = Q(sentence__icontains=text) | Q(actor_name__icontains=text) | Q(reason__icontains=text)
    return named | Q(correlation_id=text)


def described_changes(record: Record) -> Iterator[str]:
    """The changes of a record as sentences: "Status: open became closed"."""
    for change in record.changes:
        name = str(change["field"]).replace("_", " ").capitalize()
        yield gettext("{field}: {before} became {after}").format(
            field=name, before=_value(change["before"]), after=_value(change["after"])
        )


def _value(value: object) -> str:
    return gettext("nothing") if value in (None, "") else str(value)


def segment_of(record: Record) -> Segment | None:
    """The segment that contains the record; None before it is sealed."""
    within = "(%s::xid8, %s) > (after_xid, after_id) AND (%s::xid8, %s) <= (last_xid, last_id)"
    values = [str(record.xid), record.pk] * 2
    return (
        Segment.objects.filter(retention=record.retention).extra(where=[within], params=values).first()  # noqa: S610 - constants
    )


def head() -> Segment | None:
    return Segment.objects.order_by("-number").first()


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


@dataclass(frozen=True, slots=True)
class Activity:
    """Numbers of commands, without read access, and of those that were refused or failed."""

    commands: int
    refusals: int
    failures: int


def activity_since(instant: dt.datetime) -> Activity:
    outcome = Record.Outcome
    counts = (
        Record.objects.without_readings()
        .filter(at__gt=instant)
        .aggregate(
            commands=Count("id"),
            refusals=Count("id", filter=Q(outcome=outcome.REFUSED)),
            failures=Count("id", filter=Q(outcome=outcome.FAILED)),
        )
    )
    return Activity(**counts)


def has_correlation_id(correlation_id: str) -> bool:
    return Record.objects.filter(correlation_id=correlation_id).exists()


def records() -> RecordQuerySet:
    """All records of the current tenant, the oldest first."""
    return Record.objects.order_by("id")
