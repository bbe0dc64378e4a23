"""Questions about the audit log."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection, models
from django.db.models import Q, Sum

from apps.kernel.clock import now

from . import archives, forgetting, retention, sealing, versions
from .models import Record, RecordQuerySet, Segment, Verification


def latest(most: int = 10) -> RecordQuerySet:
    """The newest records of the current tenant, without those who only looked."""
    return Record.objects.doings().order_by("-id")[:most]


def timeline(subject: models.Model) -> RecordQuerySet:
    """Everything that was done to one thing, newest first."""
    return timeline_of(subject._meta.label_lower, str(subject.pk))


def timeline_of(subject_type: str, subject_id: str) -> RecordQuerySet:
    """The same by name: `ledger.entry`, `17`. With what changed it on the way of another command."""
    thing = f"{subject_type}:{subject_id}"
    about = Q(subject_type=subject_type, subject_id=subject_id) | Q(changes__contains=[{"object": thing}])
    return Record.objects.doings().filter(about).order_by("-id")


def timeline_of_person(user_id: int) -> RecordQuerySet:
    """Everything that one person did, newest first."""
    return Record.objects.doings().by(user_id).order_by("-id")


def search(text: str) -> Q:
    """Where a text stands in what people read, or as a correlation id."""
    said = Q(sentence__icontains=text) | Q(actor_name__icontains=text) | Q(reason__icontains=text)
    return said | Q(correlation_id=text)


def described_changes(record: Record) -> Iterator[str]:
    """ "Status: open became closed": what a record changed, in words."""
    for change in record.changes:
        name = str(change["field"]).replace("_", " ").capitalize()
        yield f"{name}: {_value(change['before'])} became {_value(change['after'])}"


def _value(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)


def segment_of(record: Record) -> Segment | None:
    """The segment it is sealed in; None while it waits."""
    place = "(%s::xid8, %s) > (after_xid, after_id) AND (%s::xid8, %s) <= (last_xid, last_id)"
    values = [str(record.xid), record.pk] * 2
    return (
        Segment.objects.filter(retention=record.retention).extra(where=[place], params=values).first()  # noqa: S610 - constants
    )


def head() -> Segment | None:
    return Segment.objects.order_by("-number").first()


def last_verification() -> Verification | None:
    """The newest look that came to the end, or found on its way that the audit log is broken."""
    return Verification.objects.filter(Q(stopped_at=0) | Q(intact=False)).order_by("-id").first()


@dataclass(frozen=True, slots=True)
class Due:
    """What an archiving would take away, of one class."""

    retention: str
    years: int
    segments: int
    records: int
    newest_at: dt.datetime


def due_for_archive(before: dt.date) -> list[Due]:
    """The preview of ArchiveAuditLog."""
    by_class: dict[str, list[Segment]] = {}
    for segments in archives.due(before):
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
class Words:
    """One field of the versions of one table that are to lose it, by their numbers."""

    table: str
    field: str
    versions: list[int]


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure would erase: ids of records of which it takes who did it, and of which it takes what was said,
    here and archived; and words of versions of master data.

    `kept` are records and versions whose content names the person and is kept by law; the last of them may go after
    `kept_until`.
    """

    who: list[int] = field(default_factory=list)
    what: list[int] = field(default_factory=list)
    archived: frozenset[int] = frozenset()
    words: list[Words] = field(default_factory=list)
    kept: int = 0
    kept_until: dt.datetime | None = None

    @property
    def records(self) -> int:
        return len({*self.who, *self.what})

    @property
    def versions(self) -> int:
        return len({(word.table, version) for word in self.words for version in word.versions})

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
    archived = list(forgetting.naming(user_id, texts))
    rows = sorted({*rows, *archived})
    naming = [(id_, name, at) for id_, name, at, _, said in rows if said]
    kept = [(name, at) for _, name, at in naming if _is_kept(name, at)]
    words, kept_words = _words(user_id, texts)
    kept += kept_words
    return ErasurePlan(
        who=[id_ for id_, _, _, by, _ in rows if by],
        what=[id_ for id_, name, at in naming if not _is_kept(name, at)],
        archived=frozenset(each.id for each in archived),
        words=words,
        kept=len(kept),
        kept_until=max((retention.kept_until(name, at) for name, at in kept), default=None),
    )


def _words(user_id: int | None, texts: Sequence[str]) -> tuple[list[Words], list[tuple[str, dt.datetime]]]:
    """Who made a version goes; what it keeps of a financial row stays as long as what a record says of one."""
    words, kept = [], []
    for each in versions.naming(user_id, texts):
        name = retention.class_of(f"{each.app}.")
        held = [(name, at) for _, at in each.rows if not each.is_audit_log and _is_kept(name, at)]
        gone = [id_ for id_, at in each.rows if each.is_audit_log or not _is_kept(name, at)]
        kept += held
        if gone:
            words.append(Words(each.table, each.field, gone))
    return words, kept


def _is_kept(name: str, at: dt.datetime) -> bool:
    return name == "financial" and retention.kept_until(name, at) > now()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_NAMED = """
SELECT * FROM (
    SELECT id, retention, at,
           who_salt IS NOT NULL AND (actor_id = %(user)s
               OR concat_ws(' ', actor_name, real_actor_name, sentence, reason) ILIKE ANY (%(texts)s::text[])) AS who,
           what_salt IS NOT NULL
               AND concat_ws(' ', request, changes, refusals) ILIKE ANY (%(json)s::text[]) AS what
    FROM audit_record WHERE command <> %(erasure)s
) AS named WHERE who IS TRUE OR what IS TRUE ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Seal:
    """How far the audit log is sealed. `intact` is None as long as nobody has looked."""

    segment: int
    hash: str
    sealed_at: dt.datetime | None
    records: int
    waiting: int
    verified_at: dt.datetime | None
    intact: bool | None


def seal() -> Seal:
    newest, looked = head(), last_verification()
    return Seal(
        segment=newest.number if newest else 0,
        hash=newest.hash if newest else "",
        sealed_at=newest.sealed_at if newest else None,
        records=Segment.objects.aggregate(total=Sum("records"))["total"] or 0,
        waiting=sum(count for _, count in sealing.waiting()),
        verified_at=looked.at if looked else None,
        intact=looked.intact if looked else None,
    )
