"""Queries of the audit log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection, models
from django.db.models import Q, Sum

from apps.kernel.clock import now

from . import cold_storage, cold_storage_erasure, retention, sealing, versions
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
        yield f"{name}: {_value(change['before'])} became {_value(change['after'])}"


def _value(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)


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
class Column:
    """One field of one table of versions, and the ids of the versions in which it is erased."""

    table: str
    field: str
    versions: list[int]


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """The effect of an erasure.

    actor            ids of the records that lose their actor, in the database and in cold storage
    content          ids of the records that lose their content
    in_cold_storage  those of both that are in cold storage
    columns          fields of versions of master data
    retained         number of records and versions that name the person and are retained by law, at most until
                     `retained_until`
    """

    actor: list[int] = field(default_factory=list)
    content: list[int] = field(default_factory=list)
    in_cold_storage: frozenset[int] = frozenset()
    columns: list[Column] = field(default_factory=list)
    retained: int = 0
    retained_until: dt.datetime | None = None

    @property
    def records(self) -> int:
        return len({*self.actor, *self.content})

    @property
    def versions(self) -> int:
        return len({(column.table, version) for column in self.columns for version in column.versions})

    @property
    def size(self) -> str:
        versions = f" and {self.versions:,} versions" if self.versions else ""
        return f"{self.records:,} records{versions}"


def erasure_plan(user_id: int | None, texts: Sequence[str]) -> ErasurePlan:
    """The preview of ErasePerson."""
    patterns = [f"%{_escaped(text)}%" for text in texts]
    in_json = [f"%{_escaped(json.dumps(text, ensure_ascii=False)[1:-1])}%" for text in texts]
    with connection.cursor() as cursor:
        cursor.execute(
            _NAMED, {"user": user_id, "texts": patterns, "json": in_json, "erasure": retention.ERASURE}
        )
        rows = cursor.fetchall()
    in_cold_storage = list(cold_storage_erasure.matches(user_id, texts))
    rows = sorted({*rows, *in_cold_storage})
    naming = [(id_, name, at) for id_, name, at, _, in_content in rows if in_content]
    retained = [(name, at) for _, name, at in naming if _is_retained(name, at)]
    columns, retained_versions = _columns(user_id, texts)
    retained += retained_versions
    return ErasurePlan(
        actor=[id_ for id_, _, _, is_actor, _ in rows if is_actor],
        content=[id_ for id_, name, at in naming if not _is_retained(name, at)],
        in_cold_storage=frozenset(match.id for match in in_cold_storage),
        columns=columns,
        retained=len(retained),
        retained_until=max((retention.retained_until(name, at) for name, at in retained), default=None),
    )


def _columns(user_id: int | None, texts: Sequence[str]) -> tuple[list[Column], list[tuple[str, dt.datetime]]]:
    """The actor of a version is erased always, the fields of a financial one only after the legal period."""
    columns, retained = [], []
    for matches in versions.matches(user_id, texts):
        name = retention.class_of(f"{matches.app}.")
        retained += [
            (name, at) for _, at in matches.rows if not matches.is_audit_log and _is_retained(name, at)
        ]
        erased = [id_ for id_, at in matches.rows if matches.is_audit_log or not _is_retained(name, at)]
        if erased:
            columns.append(Column(matches.table, matches.field, erased))
    return columns, retained


def _is_retained(name: str, at: dt.datetime) -> bool:
    return name == "financial" and retention.retained_until(name, at) > now()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_NAMED = """
SELECT * FROM (
    SELECT id, retention, at,
           actor_salt IS NOT NULL AND (actor_id = %(user)s
               OR concat_ws(' ', actor_name, impersonator_name, sentence, reason)
                   ILIKE ANY (%(texts)s::text[])) AS actor,
           content_salt IS NOT NULL
               AND concat_ws(' ', request, changes, refusals) ILIKE ANY (%(json)s::text[]) AS content
    FROM audit_record WHERE command <> %(erasure)s
) AS named WHERE actor IS TRUE OR content IS TRUE ORDER BY id
"""


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
