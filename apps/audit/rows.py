"""Records as the chain sees them: read in one statement, bare facts beside what was said.

Everything that reads rows for the chain reads them here: sealing, verifying and archiving must see the same. The
database writes facts and names as `chain.canonical_row` would, which takes it no longer than to send them one by one.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import connection
from psycopg import Cursor
from psycopg.rows import RowFactory, args_row, tuple_row

from . import chain
from .models import Segment

FACTS = f"""
    convert_to(concat(
        '[{chain.VERSION},', id, ',"', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '",',
        to_json(command), ',', to_json(outcome), ',', coalesce(actor_id::text, 'null'), ',',
        to_json(subject_type), ',', to_json(subject_id), ',', to_json(correlation_id), ',',
        to_json(causation_id), ',', to_json(retention), ',"',
        encode(who_commitment, 'hex'), '","', encode(what_commitment, 'hex'), '"]'
    ), 'UTF8')
"""
TEXTS = """
    who_commitment, who_salt, convert_to(concat(
        '[', to_json(actor_name), ',', to_json(real_actor_name), ',', to_json(sentence), ',', to_json(reason), ']'
    ), 'UTF8'),
    what_commitment, what_salt, concat('[', request, ',', changes, ',', refusals, ']')
"""
CHUNK = 500
R = TypeVar("R")


class Row(NamedTuple):
    """A record. `facts` are what its digest is of, `who` and `what` the texts that it binds to."""

    id: int
    facts: bytes
    who_bound: bytes
    who_salt: bytes | None
    who: bytes
    what_bound: bytes
    what_salt: bytes | None
    what: str


class Place(NamedTuple):
    """Where a row stands in the order of sealing."""

    xid: int
    id: int


BEGINNING = Place(0, 0)


def unsealed(retention: str, after: Place, most: int) -> Sequence[tuple[int, dt.datetime, int, bytes]]:
    """Rows of the class after `after`, oldest transaction first: (xid, at, id, facts).

    Only of transactions before the oldest that still runs: whatever commits later comes after them, so nobody who
    was late is ever missed. The snapshot that is asked is the one that reads the rows.
    """
    statement = (
        f"SELECT xid::text::bigint, at, id, {FACTS} FROM audit_record"  # noqa: S608 - constants
        " WHERE retention = %s AND (xid, id) > (%s::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY xid, id LIMIT %s"
    )
    return [*_stream(statement, [retention, str(after.xid), after.id, most], tuple_row)]


def waiting_classes() -> Sequence[str]:
    """Classes that have any row at all; few enough to ask each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT retention FROM audit_record")
        return [row[0] for row in cursor.fetchall()]


def of_segment(segment: Segment) -> Iterator[Row]:
    """The rows that stand where the segment's were, by id."""
    statement = (
        f"SELECT id, {FACTS}, {TEXTS} FROM audit_record"  # noqa: S608 - constants
        " WHERE retention = %s AND (xid, id) > (%s::xid8, %s) AND (xid, id) <= (%s::xid8, %s) ORDER BY id"
    )
    place = [str(segment.after_xid), segment.after_id, str(segment.last_xid), segment.last_id]
    return _stream(statement, [segment.retention, *place], args_row(Row))


def facts_of(row: Row) -> list[str | int | None]:
    """One by one: what an archive keeps of a row."""
    facts: list[str | int | None] = json.loads(row.facts)[1:]
    return facts


WHO_BOUND, WHAT_BOUND = 10, 11
"""Where the commitments stand among the facts."""


def digest_of(row: Row) -> bytes:
    return chain.digest_of_written(row.facts)


def broken_commitments(row: Row) -> Sequence[str]:
    """Which texts of the row are not the ones that were bound: "who", "what"."""
    broken: Sequence[str] = ()
    if row.who_salt is not None and chain.commitment(row.who_salt, row.who) != row.who_bound:
        broken = ("who",)
    if row.what_salt is not None and _commitment_to(row.what, row.what_salt) != row.what_bound:
        broken = (*broken, "what")
    return broken


def _commitment_to(what: str, salt: bytes) -> bytes:
    return chain.commitment(salt, chain.canonical(chain.read(what)))


def erased_texts(row: Row) -> Sequence[str]:
    """Which texts of the row were erased with their salt."""
    if row.who_salt is not None and row.what_salt is not None:
        return ()
    return [name for name, salt in (("who", row.who_salt), ("what", row.what_salt)) if salt is None]


def _stream(statement: str, values: Sequence[Any], shape: RowFactory[R]) -> Iterator[R]:
    """The server reads on while the rows before are hashed here. Binary, which Django's own cursors do not read."""
    with (
        connection.wrap_database_errors,
        connection.cursor() as asked,  # sees to it that the connection looks where the tenant is
        Cursor(asked.connection, row_factory=shape) as cursor,
    ):
        yield from cursor.stream(statement, values, binary=True, size=CHUNK)
