"""Sealing: records before the transaction horizon become a segment, and the head is anchored outside the database.

It does not run in the transaction of a command: one head row would serialise all commands of a tenant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from apps.kernel.clock import now
from apps.kernel.db.locks import TableLock
from apps.kernel.db.unit_of_work import unit_of_work

from . import anchors, chain, retention, rows
from .keys import sealing_key
from .models import Segment

SEALING_LOCK = TableLock("audit_segment")
MAX_RECORDS_PER_SEGMENT = 10_000


def seal(limit: int = MAX_RECORDS_PER_SEGMENT) -> list[Segment]:
    """Seal all records of the current tenant that can be sealed now, and anchor the head.

    Two sealers at once do not fork the chain: the second one fails to lock, seals nothing and
    anchors the head as it is.
    """
    sealed: list[Segment] = []
    while segments := _seal_once(limit):
        sealed += segments
    anchors.anchor_head()
    return sealed


def _seal_once(limit: int) -> list[Segment]:
    """At most one segment of each class."""
    with unit_of_work():
        if not _try_lock():
            return []
        return [segment for class_ in rows.waiting_classes() if (segment := _seal_class(class_, limit))]


def _try_lock() -> bool:
    """Locks the sealing of this schema until the transaction ends. False if another process has the lock."""
    with connection.cursor() as cursor:
        return SEALING_LOCK.key().try_hold(cursor)


def _seal_class(name: str, limit: int) -> Segment | None:
    before = Segment.objects.filter(retention=name).order_by("-number").first()
    after = rows.Position(before.last_xid, before.last_id) if before else rows.BEGINNING
    unsealed = rows.unsealed(name, after, limit)
    if not unsealed:
        return None
    segment = _segment(name, after, unsealed)
    segment.save(force_insert=True)
    return segment


def _segment(name: str, after: rows.Position, unsealed: Sequence[Sequence[Any]]) -> Segment:
    head = Segment.objects.order_by("-number").first()
    key_id, key = sealing_key()
    by_id = sorted((id, facts) for _, _, id, facts in unsealed)
    segment = Segment(
        number=head.number + 1 if head else 1,
        retention=name,
        after_xid=after.xid,
        after_id=after.id,
        last_xid=unsealed[-1][0],
        last_id=unsealed[-1][2],
        lowest_id=by_id[0][0],
        highest_id=by_id[-1][0],
        newest_at=max(row[1] for row in unsealed),
        records=len(unsealed),
        records_hash=chain.records_hash(chain.digest_of_written(facts) for _, facts in by_id),
        previous_hash=head.hash if head else chain.NOTHING_BEFORE,
        key_id=key_id,
        sealed_at=now(),
    )
    segment.hash = chain.seal_of(segment.link, key)
    return segment


_OLDEST_UNSEALED = """
SELECT min(next.at) FROM unnest(%s::text[]) AS class (retention)
LEFT JOIN LATERAL (
    SELECT last_xid, last_id FROM audit_segment
    WHERE audit_segment.retention = class.retention ORDER BY number DESC LIMIT 1
) AS sealed ON true
CROSS JOIN LATERAL (
    SELECT at FROM audit_record
    WHERE audit_record.retention = class.retention
      AND (xid, id) > (coalesce(sealed.last_xid, '0'::xid8), coalesce(sealed.last_id, 0))
    ORDER BY xid, id LIMIT 1
) AS next
"""


def unsealed_since() -> dt.datetime | None:
    """When the oldest record was written that is not sealed."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_UNSEALED, [[*retention.classes()]])
        oldest: dt.datetime | None = cursor.fetchone()[0]
    return oldest


def waiting() -> Iterator[tuple[str, int]]:
    """Class → number of its unsealed records."""
    for name in [*retention.classes()]:
        count = _waiting_of(name)
        if count:
            yield name, count


def _waiting_of(name: str) -> int:
    last = Segment.objects.filter(retention=name).order_by("-number").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_record WHERE retention = %s AND (xid, id) > (%s::xid8, %s)",
            [name, str(last.last_xid if last else 0), last.last_id if last else 0],
        )
        return int(cursor.fetchone()[0])
