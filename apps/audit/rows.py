"""Records as the chain sees them: read in one statement, bare facts beside what was said.

Everything that reads rows for the chain reads them here: sealing, verifying and archiving must see the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db import connection

from . import chain
from .models import Segment

FACTS = """
    id, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), command, outcome, actor_id, subject_type,
    subject_id, correlation_id, causation_id, retention, encode(who_commitment, 'hex'),
    encode(what_commitment, 'hex')
"""
TEXTS = """
    who_salt, who_commitment, actor_name, real_actor_name, sentence, reason,
    what_salt, what_commitment, request::text, changes::text, refusals::text
"""
CHUNK = 2_000


class Place(NamedTuple):
    """Where a row stands in the order of sealing."""

    xid: int
    id: int


BEGINNING = Place(0, 0)


def unsealed(retention: str, after: Place, most: int) -> Sequence[Sequence[Any]]:
    """Rows of the class after `after`, oldest transaction first: (xid, id, newest, *facts).

    Only of transactions before the oldest that still runs: whatever commits later comes after them, so nobody who
    was late is ever missed. The snapshot that is asked is the one that reads the rows.
    """
    return _all(
        f"SELECT xid::text::bigint, at, {FACTS} FROM audit_record"  # noqa: S608 - constants
        " WHERE retention = %s AND (xid, id) > (%s::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY xid, id LIMIT %s",
        [retention, str(after.xid), after.id, most],
    )


def waiting_classes() -> Sequence[str]:
    """Classes that have any row at all; few enough to ask each."""
    return [row[0] for row in _all("SELECT DISTINCT retention FROM audit_record", [])]


def of_segment(segment: Segment) -> Iterator[Sequence[Any]]:
    """Facts and texts of the rows that stand where the segment's were, by id."""
    statement = (
        f"SELECT {FACTS}, {TEXTS} FROM audit_record"  # noqa: S608 - constants
        " WHERE retention = %s AND (xid, id) > (%s::xid8, %s) AND (xid, id) <= (%s::xid8, %s) ORDER BY id"
    )
    with connection.cursor() as cursor:
        place: list[Any] = [str(segment.after_xid), segment.after_id, str(segment.last_xid), segment.last_id]
        cursor.execute(statement, [segment.retention, *place])
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


NUMBER_OF_FACTS = 12


def digest_of(row: Sequence[Any]) -> bytes:
    """Of a row that begins with its facts."""
    return chain.digest(row[:NUMBER_OF_FACTS])


def broken_commitments(row: Sequence[Any]) -> Iterator[str]:
    """Which texts of the row are not the ones that were bound: "who", "what"."""
    (who_salt, who_bound, *who, what_salt, what_bound, request, changes, refusals) = row[NUMBER_OF_FACTS:]
    if who_salt is not None and chain.commitment(who_salt, chain.canonical_row(who)) != bytes(who_bound):
        yield "who"
    if what_salt is not None:
        said = chain.canonical(chain.read(f"[{request},{changes},{refusals}]"))
        if chain.commitment(what_salt, said) != bytes(what_bound):
            yield "what"


def erased_texts(row: Sequence[Any]) -> Iterator[str]:
    if row[NUMBER_OF_FACTS] is None:
        yield "who"
    if row[NUMBER_OF_FACTS + 6] is None:
        yield "what"


def _all(statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows
