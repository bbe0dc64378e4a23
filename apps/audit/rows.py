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
    who_salt, actor_name, real_actor_name, sentence, reason,
    what_salt, '[' || request::text || ',' || changes::text || ',' || refusals::text || ']'
"""
CHUNK = 500


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
    place: list[Any] = [str(segment.after_xid), segment.after_id, str(segment.last_xid), segment.last_id]
    with connection.cursor() as cursor:
        # The server reads on while the rows before are hashed here.
        yield from cursor.cursor.stream(statement, [segment.retention, *place], size=CHUNK)


NUMBER_OF_FACTS = 12
WHO_BOUND, WHAT_BOUND = 10, 11
WHO_SALT, WHAT_SALT, WHAT = 12, 17, 18
WHO = slice(13, 17)
"""Where each stands in a row."""


def digest_of(row: Sequence[Any]) -> bytes:
    """Of a row that begins with its facts."""
    return chain.digest(row[:NUMBER_OF_FACTS])


def broken_commitments(row: Sequence[Any]) -> Sequence[str]:
    """Which texts of the row are not the ones that were bound: "who", "what"."""
    who_salt, what_salt = row[WHO_SALT], row[WHAT_SALT]
    broken: Sequence[str] = ()
    if (
        who_salt is not None
        and chain.commitment(who_salt, chain.canonical_row(row[WHO])).hex() != row[WHO_BOUND]
    ):
        broken = ("who",)
    if (
        what_salt is not None
        and chain.commitment(what_salt, chain.canonical(chain.read(row[WHAT]))).hex() != row[WHAT_BOUND]
    ):
        broken = (*broken, "what")
    return broken


def erased_texts(row: Sequence[Any]) -> Sequence[str]:
    """Which texts of the row were erased with their salt."""
    if row[WHO_SALT] is not None and row[WHAT_SALT] is not None:
        return ()
    return [name for name, at in (("who", WHO_SALT), ("what", WHAT_SALT)) if row[at] is None]


def _all(statement: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows
