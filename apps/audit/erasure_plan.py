"""The effect of erasing a person, as a plan: which texts are erased, and which ones the law retains.

records that name the person, in the database and in cold storage ┐
versions of master data that name the person                      ┴─ erased or retained ─▶ ErasurePlan
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db import connection

from apps.kernel.clock import now

from . import cold_storage_erasure, retention, versions
from .cold_storage_erasure import Match


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
    in_cold_storage = list(cold_storage_erasure.matches(user_id, texts))
    records = sorted({*_records_in_database(user_id, texts), *in_cold_storage})
    fields = list(versions.matches(user_id, texts))
    retained = [*_retained_contents(records), *_retained_versions(fields)]
    return ErasurePlan(
        actor=[record.id for record in records if record.actor],
        content=[record.id for record in records if record.content and not _content_retained_until(record)],
        in_cold_storage=frozenset(record.id for record in in_cold_storage),
        columns=[column for matches in fields if (column := _column(matches)).versions],
        retained=len(retained),
        retained_until=max(retained, default=None),
    )


def _records_in_database(user_id: int | None, texts: Sequence[str]) -> list[Match]:
    values = {
        "user": user_id,
        "texts": [f"%{_escaped(text)}%" for text in texts],
        "json": [f"%{_escaped(json.dumps(text, ensure_ascii=False)[1:-1])}%" for text in texts],
        "erasure": retention.ERASURE,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NAMED, values)
        return [Match(*row) for row in cursor.fetchall()]


def _retained_contents(records: Sequence[Match]) -> Iterator[dt.datetime]:
    for record in records:
        if record.content and (until := _content_retained_until(record)):
            yield until


def _retained_versions(fields: Sequence[versions.Matches]) -> Iterator[dt.datetime]:
    for matches in fields:
        for _, at in matches.rows:
            if until := _version_retained_until(matches, at):
                yield until


def _column(matches: versions.Matches) -> Column:
    erased = [id_ for id_, at in matches.rows if not _version_retained_until(matches, at)]
    return Column(matches.table, matches.field, erased)


def _content_retained_until(record: Match) -> dt.datetime | None:
    return _retained_until(record.retention, record.at)


def _version_retained_until(matches: versions.Matches, at: dt.datetime) -> dt.datetime | None:
    """The actor of a version is erased always, the fields of a financial one only after the legal period."""
    if matches.is_audit_log:
        return None
    return _retained_until(retention.class_of(f"{matches.app}."), at)


def _retained_until(name: str, at: dt.datetime) -> dt.datetime | None:
    """The end of the legal retention period; None after it, and for classes without one."""
    if name != "financial":
        return None
    until = retention.retained_until(name, at)
    return until if until > now() else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_NAMED = """
SELECT * FROM (
    SELECT id, retention, at,
           actor_salt IS NOT NULL AND (actor_id = %(user)s
               OR concat_ws(' ', actor_name, impersonator_name, sentence, arguments, reason)
                   ILIKE ANY (%(texts)s::text[])) AS actor,
           content_salt IS NOT NULL
               AND concat_ws(' ', request, changes, refusals) ILIKE ANY (%(json)s::text[]) AS content
    FROM audit_record WHERE command <> %(erasure)s
) AS named WHERE actor IS TRUE OR content IS TRUE ORDER BY id
"""
