"""A unit of work: one transaction, and what waits for its end whichever way it ends."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse

from .errors import Unavailable
from .locks import LockKey
from .replica import note_write
from .tenant import TenantInfo, activate, current_tenant

R = TypeVar("R")
GIVEN_UP = ("40001", "40P01")
"""SQLSTATEs of a transaction that the database gave up for another's sake: they could not both be, or a deadlock."""
TRIES = 4
FIRST_PAUSE = 0.02
"""Seconds before the second try; doubled with each, with jitter."""
log = logging.getLogger(__name__)

_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting", default=None)
_of_the_request: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting_for_request", default=None)


class Busy(Unavailable):
    message = "Others are changing the same at this moment. Nothing was half-written: ask again in a moment."
    retry_after = 1
    enforced_by = GIVEN_UP


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Commit all of the block or nothing. Inside another unit it is a savepoint of that one."""
    if _waiting.get() is not None:
        with transaction.atomic():
            yield
        return
    waiting: list[Callable[[], None]] = []
    try:
        with _outermost(waiting):
            yield
    finally:
        _call_all(waiting)


def in_unit_of_work(work: Callable[[], R]) -> R:
    """Do the work in a unit of its own. Where that is the outermost one and the database gives it up for the sake of
    another, nothing is kept of it, also not what waits for its end, and the work is done from its beginning, a few
    times. Then, and at once inside of another transaction, the error is the caller's."""
    if _waiting.get() is not None or connection.in_atomic_block:
        with unit_of_work():
            return work()
    for tried in range(1, TRIES):
        waiting: list[Callable[[], None]] = []
        try:
            with _outermost(waiting):
                return work()
        except DatabaseError as error:
            if not was_given_up(error):
                raise
            waiting.clear()
            log.warning("Given up by the database and begun again (%s of %s): %s", tried, TRIES - 1, error)
        finally:
            _call_all(waiting)
        time.sleep(FIRST_PAUSE * 2**tried * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    with unit_of_work():
        return work()


def was_given_up(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in GIVEN_UP


@contextmanager
def _outermost(waiting: list[Callable[[], None]]) -> Iterator[None]:
    note_write()
    of_a_request = connection.in_atomic_block  # as behind a transaction pooler
    token = _waiting.set(waiting)
    try:
        with transaction.atomic():
            yield
            if of_a_request:
                connection.check_constraints()  # what would be said at the end of it is said to whoever asked
    finally:
        _waiting.reset(token)


def _call_all(waiting: list[Callable[[], None]]) -> None:
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


class OfTenants:
    """ATOMIC_REQUESTS behind a transaction pooler: a tenant's request is one transaction, because its data is refused
    outside of one. The platform's is none: for it nothing has to be said to the server, and its pages go from tenant to
    tenant. Django asks at each request."""

    def __bool__(self) -> bool:
        return current_tenant() is not None


class WholeRequestMiddleware:
    """Around the view's own transaction, where it has one: what is shown is often read when the page is rendered, and
    when an error is, and that is done behind the view. The innermost of all."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as request.held:  # type: ignore[attr-defined]
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> None:
        on_its_own = DEFAULT_DB_ALIAS in getattr(view, "_non_atomic_requests", ())
        if connections.settings[DEFAULT_DB_ALIAS]["ATOMIC_REQUESTS"] and not on_its_own:
            request.held.enter_context(transaction.atomic())  # type: ignore[attr-defined]


@contextmanager
def within(tenant: TenantInfo | None) -> Iterator[None]:
    """Look into a tenant from outside, in a transaction: behind a transaction pooler there is no other way. Raises
    TenantSwitchInTransaction."""
    with activate(tenant), transaction.atomic():
        yield


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
            with ExitStack() as all_of_them:  # whichever fails
                for callback in reversed(waiting):
                    all_of_them.callback(transaction.atomic(callback))


def _call_when_ended(callback: Callable[[], None]) -> None:
    waiting = _of_the_request.get()
    if waiting is not None and connection.in_atomic_block:
        waiting.append(callback)
    else:
        callback()


@contextmanager
def advisory_lock(lock: LockKey) -> Iterator[bool]:
    """Whether no other process holds the lock. It outlasts transactions, and ends with the connection, whatever
    ends that: it is the session's lock, or, behind a transaction pooler, where nobody has a session, that of a
    transaction over a connection of its own."""
    if not isinstance(lock, LockKey):
        raise TypeError(f"{lock!r} is not a declared lock: Lock(…).key(…).")
    if connection.settings_dict["TENANCY"]["pooled"]:
        with _apart() as cursor:
            yield lock.try_hold(cursor)
        return
    with connection.cursor() as cursor:
        is_alone = lock.try_hold_in_session(cursor)
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                lock.release(cursor)


@contextmanager
def _apart() -> Iterator[Any]:
    """A cursor in a transaction that has nothing to do with the one at hand; it reads no tenant's data."""
    apart = connection.copy()
    apart.settings_dict["TENANCY"]["platform"] = True
    try:
        apart.set_autocommit(False)
        with apart.cursor() as cursor:
            yield cursor
    finally:
        with suppress(DatabaseError):
            apart.rollback()
        apart.close()
