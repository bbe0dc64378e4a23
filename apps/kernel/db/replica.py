"""Opt-in reads from a replica, for reports that may be slightly stale, but never older than data the reader has seen.

    with reading_replica():
        rows = queries.trial_balance()

The router and `reading()` choose the connection here. Reads go to the primary inside a transaction, after a write of
the same request or task, and while the replica has not replayed the data of the caller's earlier responses. Writes
always go to the primary; PostgreSQL refuses writes on the replica.
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

from apps.kernel.tenant import current_database

P = ParamSpec("P")
R = TypeVar("R")
PRIMARY, REPLICA = "default", "replica"
POSITION_TTL_S = 0.05
"""How long a position of a replica, or its outage, is reused."""
_POSITION = re.compile(r"\A([0-9A-F]{1,8})/([0-9A-F]{1,8})\Z")
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Work:
    """One request or task.

    seen   the WAL position of its database (`east:0/3000148`) up to which the caller has seen data
    wrote  whether it has written, so that it must read from the primary
    """

    seen: str = ""
    wrote: bool = False


_work: ContextVar[Work | None] = ContextVar("read_your_writes", default=None)
_requested: ContextVar[bool] = ContextVar("reading_replica", default=False)


@contextmanager
def read_your_writes(seen: str = "") -> Iterator[Work]:
    """One request or task: after a write inside, it reads from the primary until its end."""
    work = Work(seen)
    token = _work.set(work)
    try:
        yield work
    finally:
        _work.reset(token)


@contextmanager
def reading_replica() -> Iterator[None]:
    """Reads inside may be slightly stale."""
    token = _requested.set(True)
    try:
        with nullcontext() if _work.get() else read_your_writes():
            yield
    finally:
        _requested.reset(token)


@contextmanager
def reading_primary() -> Iterator[None]:
    """Reads inside go to the primary, as after a write: for results that are cached."""
    with read_your_writes() as work:
        work.wrote = True
        yield


def reads_from_replica(view: Callable[P, R]) -> Callable[P, R]:
    """For a view, task or query that may be slightly stale."""

    @functools.wraps(view)
    def reporting(*args: P.args, **kwargs: P.kwargs) -> R:
        with reading_replica():
            return view(*args, **kwargs)

    return reporting


def note_write() -> None:
    """Marks a write: from now on this request or task reads from the primary."""
    if (work := _work.get()) is not None:
        work.wrote = True


def alias_for_reads() -> str:
    """`replica`, or `default` for the primary."""
    if not _requested.get() or connections[PRIMARY].in_atomic_block or not has_replica():
        return PRIMARY
    work = _work.get() or Work()
    return REPLICA if not work.wrote and _has_replayed(work.seen) else PRIMARY


def reading() -> Any:
    """The connection for a raw SQL statement that only reads."""
    return connections[alias_for_reads()]


def has_replica() -> bool:
    """Whether a replica is configured; otherwise both aliases are the same connection."""
    return connections[REPLICA] is not connections[PRIMARY]


def position() -> str:
    """The current WAL position of the primary, in the format of `Work.seen`."""
    # The request has ended its own transaction, and a pooler requires one.
    with transaction.atomic(using=PRIMARY), connections[PRIMARY].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        return f"{current_database()}:{cursor.fetchone()[0]}"


def _has_replayed(seen: str) -> bool:
    """False for a position of another database, because positions are not comparable across databases."""
    key, _, position = seen.partition(":")
    if seen and key != current_database():
        return False
    wanted = _number(position) if seen else 0
    return wanted is not None and _replayed() >= wanted


def _number(position: str) -> int | None:
    """`0/3000148` as a number of bytes; the part before the slash is the upper half. None if malformed."""
    match = _POSITION.match(position)
    return (int(match[1], 16) << 32) + int(match[2], 16) if match else None


_known: dict[str, tuple[float, int]] = {}


def _replayed() -> int:
    """The WAL position that the current replica has replayed, cached for a moment; -1 while it is unavailable."""
    connection = connections[REPLICA]
    fetched_at, known = _known.get(connection.alias, (0.0, -1))
    if time.monotonic() - fetched_at < POSITION_TTL_S:
        return known
    try:
        with connection.cursor() as cursor:
            # After failures the only remaining host may be the primary, which is always up to date.
            cursor.execute(
                "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
                " ELSE pg_current_wal_insert_lsn() END - '0/0'::pg_lsn"
            )
            known = int(cursor.fetchone()[0])
    except DatabaseError as error:
        log.warning("The replica is unavailable, reading from the primary: %s", error)
        connection.close()
        known = -1
    _known[connection.alias] = (time.monotonic(), known)
    return known
