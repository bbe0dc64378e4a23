"""Crashes at a chosen point: before a statement, before or after a commit, before a call to an external system.

For the database, a crash here equals kill -9 of a worker: the open transaction is rolled back, the locks of the session
are released, and no handler of the code runs (`Killed` is no Exception, and a query of a `finally` block gets a new
session). The socket is reused, since a new connection costs more than the rest of the test; tests/soak kills real
processes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

ALIASES = ("default", "relay", "control")
MAX_POINTS = 5_000
MAX_STRIDE = 7
"""Failpoints. The sample of `make test` crashes at least once in each step of a saga: none has fewer failpoints."""


class Killed(BaseException):
    """The process was killed."""


_NOTICED = re.compile(r"\b(INSERT|UPDATE|DELETE)\b|advisory|record_outcome")


def every(sql: str, inside: bool) -> bool:
    """Before each statement."""
    return True


def writes_or_locks(sql: str, inside: bool) -> bool:
    """Before each statement that writes or locks, unless it is the first after a commit: nothing else changes what
    another process could notice."""
    return bool(_NOTICED.search(sql))


def transaction_ends(sql: str, inside: bool) -> bool:
    """Around transactions only, those of a single statement too: where another worker waits for the first lock of one
    until its end, the statement within makes no difference."""
    return not inside and writes_or_locks(sql, inside)


def nothing() -> None:
    """No second worker."""


class Failpoints:
    """Counts the points that this thread passes. At number `crash_point` it calls `meanwhile`, the work of another
    worker, and then crashes."""

    def __init__(
        self, crash_point: int, before: Callable[[str, bool], bool], meanwhile: Callable[[], Any]
    ) -> None:
        self.crash_point, self.before, self.meanwhile = crash_point, before, meanwhile
        self.passed, self.is_dead, self.is_fresh = 0, False, False
        self.thread = threading.get_ident()

    @property
    def is_mine(self) -> bool:
        return not self.is_dead and threading.get_ident() == self.thread

    def point(self) -> None:
        if not self.is_mine:
            return
        self.passed += 1
        if self.passed == self.crash_point:
            self.meanwhile()
            self.die()

    def die(self) -> None:
        self.is_dead = True
        for alias in ALIASES:
            _cut(connections[alias])
        raise Killed

    def statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self.before(str(sql), context["connection"].in_atomic_block):
            if not self.is_fresh:
                self.point()
            self.is_fresh = False
        return execute(sql, params, many, context)

    def commit(self, commit: Callable[[], None]) -> None:
        self.point()
        commit()
        self.point()
        self.is_fresh = self.before is not every


def _cut(connection: Any) -> None:
    """Ends the session as after a lost client; the next session reuses the socket."""
    socket = connection.connection
    if socket is None:
        return
    socket.rollback()
    socket.autocommit = True
    socket.execute("DISCARD ALL")
    with mock.patch.object(connection, "_close"):
        connection.close()
    connection.connection = None
    connection.get_new_connection = lambda parameters: _dialled(connection, socket)


def _dialled(connection: Any, socket: Any) -> Any:
    del connection.get_new_connection
    return socket


def hang_up() -> None:
    """Closes sockets without a new session: the next test has another database."""
    for alias in ALIASES:
        if "get_new_connection" in vars(connections[alias]):
            connections[alias].get_new_connection({}).close()


@contextmanager
def armed(
    crash_point: int = 0,
    *,
    before: Callable[[str, bool], bool] = every,
    meanwhile: Callable[[], Any] = nothing,
) -> Iterator[Failpoints]:
    """Points are counted inside the block, around commits and `before` statements, and number `crash_point` raises
    Killed."""
    points = Failpoints(crash_point, before, meanwhile)
    commit = BaseDatabaseWrapper.commit

    def committed(connection: BaseDatabaseWrapper) -> None:
        if points.is_mine:
            points.commit(lambda: commit(connection))
        else:
            commit(connection)

    with ExitStack() as stack:
        for alias in ALIASES:
            stack.enter_context(connections[alias].execute_wrapper(points.statement))
        stack.enter_context(mock.patch.object(BaseDatabaseWrapper, "commit", committed))
        yield points


def crash_everywhere(
    work: Callable[[], Any],
    *,
    progress: Callable[[], Any] = lambda: None,
    after_each: Callable[[], Any] = lambda: None,
    before: Callable[[str, bool], bool] = every,
    stride: Callable[[], int] = lambda: 1,
) -> int:
    """Repeats the work, each time with a crash one point (or one `stride` of the sample) later, until it completes.

    After a crash that left committed changes (`progress` differs), the remaining work begins elsewhere, so the count
    of points begins at zero: no point is skipped. `after_each` runs after such a crash (without `progress`, after
    each). Returns the number of crashes.
    """
    deaths, crash_point, committed_rows = 0, stride(), progress()
    while deaths < MAX_POINTS:
        try:
            with armed(crash_point, before=before):
                work()
        except Killed:
            deaths += 1
            was, committed_rows = committed_rows, progress()
            crash_point = crash_point + stride() if committed_rows == was else stride()
            if committed_rows != was or was is None:
                after_each()
        else:
            return deaths
    raise AssertionError(f"The work did not complete within {MAX_POINTS} crashes.")
