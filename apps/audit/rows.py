"""Records in the form that the chain hashes: facts and texts, read in one statement.

Sealing, verification and cold storage all read records here, because they must see the same. The database formats facts
and names as `chain.canonical_row` would, which costs no more than to send them one by one.
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
        encode(actor_commitment, 'hex'), '","', encode(content_commitment, 'hex'), '",',
        to_json(database_user), ',', backend_pid, ']'
    ), 'UTF8')
"""
TEXTS = """
    actor_commitment, actor_salt, convert_to(concat(
        '[', to_json(actor_name), ',', to_json(impersonator_name), ',', to_json(sentence), ',',
        to_json(template), ',', to_json(arguments), ',', to_json(reason), ']'
    ), 'UTF8'),
    content_commitment, content_salt, concat('[', request, ',', changes, ',', refusals, ']')
"""
CHUNK = 500
R = TypeVar("R")


class Row(NamedTuple):
    """A record: the facts of its digest, and the texts `actor` and `content` with their salts and commitments."""

    id: int
    facts: bytes
    actor_commitment: bytes
    actor_salt: bytes | None
    actor: bytes
    content_commitment: bytes
    content_salt: bytes | None
    content: str


class Position(NamedTuple):
    """The position of a row in the order of sealing."""

    xid: int
    id: int


BEGINNING = Position(0, 0)


def unsealed(retention: str, after: Position, limit: int) -> Sequence[tuple[int, dt.datetime, int, bytes]]:
    """Rows of the class after `after`, oldest transaction first: (xid, at, id, facts).

    Only of transactions before the oldest that is still open: rows that commit later follow them, so none is missed.
    The horizon is taken from the same snapshot that reads the rows.
    """
    statement = (
        f"SELECT xid::text::bigint, at, id, {FACTS} FROM audit_record"  # noqa: S608 - constants
        " WHERE retention = %s AND (xid, id) > (%s::xid8, %s) AND xid < pg_snapshot_xmin(pg_current_snapshot())"
        " ORDER BY xid, id LIMIT %s"
    )
    return [*_stream(statement, [retention, str(after.xid), after.id, limit], tuple_row)]


def waiting_classes() -> Sequence[str]:
    """Classes with records in the table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT retention FROM audit_record")
        return [row[0] for row in cursor.fetchall()]


def of_segment(segment: Segment) -> Iterator[Row]:
    """The rows in the range of the segment, by id."""
    statement = (
        f"SELECT id, {FACTS}, {TEXTS} FROM audit_record"  # noqa: S608 - constants
        " WHERE retention = %s AND (xid, id) > (%s::xid8, %s) AND (xid, id) <= (%s::xid8, %s) ORDER BY id"
    )
    bounds = [str(segment.after_xid), segment.after_id, str(segment.last_xid), segment.last_id]
    return _stream(statement, [segment.retention, *bounds], args_row(Row))


def facts_of(row: Row) -> list[str | int | None]:
    """The facts one by one, as in cold storage."""
    facts: list[str | int | None] = json.loads(row.facts)[1:]
    return facts


ACTOR_COMMITMENT, CONTENT_COMMITMENT = 10, 11
"""Index of the commitments in the facts."""


def digest_of(row: Row) -> bytes:
    return chain.digest_of_written(row.facts)


def broken_commitments(row: Row) -> Sequence[str]:
    """The parts whose texts differ from their commitment: "actor", "content"."""
    broken: Sequence[str] = ()
    if row.actor_salt is not None and chain.commitment(row.actor_salt, row.actor) != row.actor_commitment:
        broken = ("actor",)
    if (
        row.content_salt is not None
        and _commitment_to(row.content, row.content_salt) != row.content_commitment
    ):
        broken = (*broken, "content")
    return broken


def _commitment_to(what: str, salt: bytes) -> bytes:
    return chain.commitment(salt, chain.canonical(chain.read(what)))


def erased_texts(row: Row) -> Sequence[str]:
    """The parts whose texts were erased with their salt."""
    if row.actor_salt is not None and row.content_salt is not None:
        return ()
    return [name for name, salt in (("actor", row.actor_salt), ("content", row.content_salt)) if salt is None]


def _stream(statement: str, values: Sequence[Any], shape: RowFactory[R]) -> Iterator[R]:
    """The server continues to read while previous rows are hashed here. Binary, unlike Django's own cursors."""
    with (
        connection.wrap_database_errors,
        connection.cursor() as tenant_cursor,  # sets the tenant's search path
        Cursor(tenant_cursor.connection, row_factory=shape) as cursor,
    ):
        yield from cursor.stream(statement, values, binary=True, size=CHUNK)
