"""Sealing: rows that nobody can add to any more become a segment, and the head goes out of the database.

Never in the transaction of the business: one head row would make all commands of a tenant wait for each other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

from apps.kernel.clock import now
from apps.kernel.locks import TableLock
from apps.kernel.transactions import unit_of_work

from . import anchors, chain, retention, rows
from .keys import sealing_key
from .models import Segment

SEALING = TableLock("audit_segment")
MOST = 10_000
"""Records in a segment."""
log = logging.getLogger("bursar.audit")


def seal(most: int = MOST) -> list[Segment]:
    """Seal everything of the current tenant that can be sealed now, and anchor the head.

    Two sealers at once never fork the chain: the second finds the lock taken and leaves the work to the first.
    """
    made: list[Segment] = []
    while segments := _seal_once(most):
        made += segments
    anchors.keep_head()
    return made


def _seal_once(most: int) -> list[Segment]:
    """At most one segment of each class."""
    with unit_of_work():
        if not _alone():
            return []
        return [made for class_ in rows.waiting_classes() if (made := _seal_class(class_, most))]


def _alone() -> bool:
    """Until the transaction ends, in this schema."""
    with connection.cursor() as cursor:
        return SEALING.key().try_hold(cursor)


def _seal_class(name: str, most: int) -> Segment | None:
    before = Segment.objects.filter(retention=name).order_by("-number").first()
    after = rows.Place(before.last_xid, before.last_id) if before else rows.BEGINNING
    found = rows.unsealed(name, after, most)
    if not found:
        return None
    segment = _segment(name, after, found)
    segment.save(force_insert=True)
    return segment


def _segment(name: str, after: rows.Place, found: Sequence[Sequence[Any]]) -> Segment:
    head = Segment.objects.order_by("-number").first()
    key_id, key = sealing_key()
    by_id = sorted((id, facts) for _, _, id, facts in found)
    segment = Segment(
        number=head.number + 1 if head else 1,
        retention=name,
        after_xid=after.xid,
        after_id=after.id,
        last_xid=found[-1][0],
        last_id=found[-1][2],
        lowest_id=by_id[0][0],
        highest_id=by_id[-1][0],
        newest_at=max(row[1] for row in found),
        records=len(found),
        records_hash=chain.records_hash(chain.digest_of_written(facts) for _, facts in by_id),
        previous_hash=head.hash if head else chain.NOTHING_BEFORE,
        key_id=key_id,
        sealed_at=now(),
    )
    segment.hash = chain.seal_of(segment.link, key)
    return segment


def waiting() -> Iterator[tuple[str, int]]:
    """Class → how many of its records are not sealed yet."""
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
