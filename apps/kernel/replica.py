"""Reading from a replica, by choice: for reports that may be a moment old, and never older than what their reader has
seen (decision C21).

    with reading_replica():
        rows = queries.trial_balance()

The router and `reading()` ask here where a read goes. It goes to the primary inside a transaction, once the same
request or task has written, and while the replica has not yet replayed what the caller was shown by an earlier answer.
Writes go to the primary whatever is asked, and one that is sent to the replica by name is refused by PostgreSQL.
"""

from __future__ import annotations

import functools
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.db import Error as DatabaseError
from django.db import connections, transaction

from .tenant import current_database

P = ParamSpec("P")
R = TypeVar("R")
PRIMARY, REPLICA = "default", "replica"
FRESH = 0.05
"""Seconds for which the answer how far a replica is may be used again, and for which one that is away is let be."""
_POSITION = re.compile(r"\A([0-9A-F]{1,8})/([0-9A-F]{1,8})\Z")
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Work:
    """One request or task.

    seen   up to where in the log of its database (`east:0/3000148`) its caller has been shown what stands there
    wrote  it has changed something, so it reads where that is
    """

    seen: str = ""
    wrote: bool = False


_work: ContextVar[Work | None] = ContextVar("read_your_writes", default=None)
_wished: ContextVar[bool] = ContextVar("reading_replica", default=False)


@contextmanager
def read_your_writes(seen: str = "") -> Iterator[Work]:
    """What is written inside is read from the primary until its end."""
    work = Work(seen)
    token = _work.set(work)
    try:
        yield work
    finally:
        _work.reset(token)


@contextmanager
def reading_replica() -> Iterator[None]:
    """Reads inside may be a moment old."""
    token = _wished.set(True)
    try:
        with nullcontext() if _work.get() else read_your_writes():
            yield
    finally:
        _wished.reset(token)


@contextmanager
def reading_primary() -> Iterator[None]:
    """As after a write, whatever is wished around it or inside: for an answer that is kept."""
    with read_your_writes() as work:
        work.wrote = True
        yield


def reads_from_replica(view: Callable[P, R]) -> Callable[P, R]:
    """For a view, a task or a query that only reports."""

    @functools.wraps(view)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> R:
        with reading_replica():
            return view(*args, **kwargs)

    return reporting


def note_write() -> None:
    """Something is being changed: from here on this request or task reads from the primary."""
    if (work := _work.get()) is not None:
        work.wrote = True


def alias_for_reads() -> str:
    """`replica`, or `default` where it must be the primary."""
    if not _wished.get() or connections[PRIMARY].in_atomic_block or not has_replica():
        return PRIMARY
    work = _work.get() or Work()
    return REPLICA if not work.wrote and _has_come_to(work.seen) else PRIMARY


def reading() -> Any:
    """The connection for a statement of one's own that only reads."""
    return connections[alias_for_reads()]


def has_replica() -> bool:
    """Without hosts to read from, both names lead to the same connection."""
    return connections[REPLICA] is not connections[PRIMARY]


def position() -> str:
    """Up to where the primary's log goes now, in the words of `Work.seen`."""
    # The request has ended its own transaction, and behind a pooler nothing is asked outside of one.
    with transaction.atomic(using=PRIMARY), connections[PRIMARY].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        return f"{current_database()}:{cursor.fetchone()[0]}"


def _has_come_to(seen: str) -> bool:
    """Another database's position says nothing here, so the primary answers once more."""
    key, _, place = seen.partition(":")
    if seen and key != current_database():
        return False
    wanted = _number(place) if seen else 0
    return wanted is not None and _replayed() >= wanted


def _number(place: str) -> int | None:
    """`0/3000148` counts bytes: the half before the slash is the upper one. What a caller made up is no position."""
    found = _POSITION.match(place)
    return (int(found[1], 16) << 32) + int(found[2], 16) if found else None


_known: dict[str, tuple[float, int]] = {}


def _replayed() -> int:
    """How far the replica at hand is; -1 while it is away. It only ever goes on, and is asked seldom."""
    connection = connections[REPLICA]
    asked_at, known = _known.get(connection.alias, (0.0, -1))
    if time.monotonic() - asked_at < FRESH:
        return known
    try:
        with connection.cursor() as cursor:
            # A host to read from may be a primary, when it is the last one left; then it lacks nothing.
            cursor.execute(
                "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
                " ELSE pg_current_wal_insert_lsn() END - '0/0'::pg_lsn"
            )
            known = int(cursor.fetchone()[0])
    except DatabaseError as error:
        log.warning("The replica is away, the primary answers: %s", error)
        connection.close()
        known = -1
    _known[connection.alias] = (time.monotonic(), known)
    return known
