"""A unit of work: one transaction, and what waits for its end whichever way it ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from .replica import note_write

_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting", default=None)
_of_the_request: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting_for_request", default=None)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Commit all of the block or nothing. Inside another unit it is a savepoint of that one."""
    if _waiting.get() is not None:
        with transaction.atomic():
            yield
        return
    note_write()
    waiting: list[Callable[[], None]] = []
    token = _waiting.set(waiting)
    try:
        with transaction.atomic():
            yield
    finally:
        _waiting.reset(token)
        for callback in waiting:
            _call_when_ended(callback)


def afterwards(callback: Callable[[], None]) -> None:
    """Call when the unit of work has ended, committed or rolled back; at once where there is none.

    For what must be kept of a change that is not: the audit row of a refusal (decision C31).
    """
    waiting = _waiting.get()
    if waiting is None:
        _call_when_ended(callback)
    else:
        waiting.append(callback)


class AfterTheRequestMiddleware:
    """Where the whole request is one transaction, as behind a transaction pooler, what waits for the end of a unit of
    work waits for that: it would be rolled back with a refusal."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        waiting: list[Callable[[], None]] = []
        token = _of_the_request.set(waiting)
        try:
            return self.get_response(request)
        finally:
            _of_the_request.reset(token)
            for callback in waiting:
                with transaction.atomic():
                    callback()


def _call_when_ended(callback: Callable[[], None]) -> None:
    waiting = _of_the_request.get()
    if waiting is not None and connection.in_atomic_block:
        waiting.append(callback)
    else:
        callback()


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Whether nobody else does what is called `name`. The lock is the session's and outlasts transactions; it ends
    with the connection, whatever ends that."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
