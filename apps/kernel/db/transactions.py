"""Units of work: a transaction, with callbacks that run after its commit or rollback."""

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
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Unavailable
from .locks import LockKey
from .replica import note_write
from apps.kernel.tenant import TenantInfo, activate, current_tenant

R = TypeVar("R")
SERIALIZATION_FAILURES = ("40001", "40P01")
"""SQLSTATEs of a transaction that the database aborted in favour of another: a serialization failure or deadlock."""
MAX_ATTEMPTS = 4
FIRST_PAUSE_S = 0.02
"""Pause before the second attempt; doubled for each further one, with jitter."""
log = logging.getLogger(__name__)

_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting", default=None)
_of_the_request: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting_for_request", default=None)


class Busy(Unavailable):
    message = _("Another request is changing the same data. Nothing was changed. Try again in a moment.")
    retry_after = 1
    enforced_by = SERIALIZATION_FAILURES


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction for the block. Inside another unit of work it is a savepoint."""
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
    """Runs `work` in a unit of work, and retries it after a serialization failure or deadlock.

    Each retry starts from the beginning, without the callbacks of the aborted attempt. The error is raised after
    MAX_ATTEMPTS, and at once inside another transaction, because only the outermost one can be retried."""
    if _waiting.get() is not None or connection.in_atomic_block:
        with unit_of_work():
            return work()
    for attempt in range(1, MAX_ATTEMPTS):
        waiting: list[Callable[[], None]] = []
        try:
            with _outermost(waiting):
                return work()
        except DatabaseError as error:
            if not is_serialization_failure(error):
                raise
            waiting.clear()
            log.warning("Aborted by the database, retry %s of %s: %s", attempt, MAX_ATTEMPTS - 1, error)
        finally:
            _call_all(waiting)
        time.sleep(FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    with unit_of_work():
        return work()


def is_serialization_failure(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in SERIALIZATION_FAILURES


@contextmanager
def _outermost(waiting: list[Callable[[], None]]) -> Iterator[None]:
    note_write()
    of_a_request = connection.in_atomic_block  # as behind a transaction pooler
    token = _waiting.set(waiting)
    try:
        with transaction.atomic():
            yield
            if of_a_request:
                connection.check_constraints()  # otherwise violations would appear after the handler
    finally:
        _waiting.reset(token)


def _call_all(waiting: list[Callable[[], None]]) -> None:
    for callback in waiting:
        _call_when_ended(callback)


def afterwards(callback: Callable[[], None]) -> None:
    """Calls back after the commit or rollback of the current unit of work, or at once where there is none.

    For data that must survive a rollback, such as the audit record of a refusal.
    """
    waiting = _waiting.get()
    if waiting is None:
        _call_when_ended(callback)
    else:
        waiting.append(callback)


class OfTenants:
    """ATOMIC_REQUESTS behind a transaction pooler, evaluated for each request. A request of a tenant is one
    transaction, because the tenant's role is set per transaction. A request of the platform is not: it needs no role,
    and its pages switch between tenants."""

    def __bool__(self) -> bool:
        return current_tenant() is not None


class WholeRequestMiddleware:
    """Extends the transaction of a view to the rendering of its response, which often runs queries. The innermost
    middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with ExitStack() as request.held:  # type: ignore[attr-defined]
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> None:
        is_non_atomic = DEFAULT_DB_ALIAS in getattr(view, "_non_atomic_requests", ())
        if connections.settings[DEFAULT_DB_ALIAS]["ATOMIC_REQUESTS"] and not is_non_atomic:
            request.held.enter_context(transaction.atomic())  # type: ignore[attr-defined]


@contextmanager
def within(tenant: TenantInfo | None) -> Iterator[None]:
    """Reads a tenant's data from the platform, in a transaction, which a transaction pooler requires. Raises
    TenantSwitchInTransaction."""
    with activate(tenant), transaction.atomic():
        yield


class AfterTheRequestMiddleware:
    """Where the whole request is one transaction, as behind a transaction pooler, callbacks of units of work run after
    the request; otherwise a refusal would roll them back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        waiting: list[Callable[[], None]] = []
        token = _of_the_request.set(waiting)
        try:
            return self.get_response(request)
        finally:
            _of_the_request.reset(token)
            with ExitStack() as stack:  # runs all callbacks even if one fails
                for callback in reversed(waiting):
                    stack.callback(transaction.atomic(callback))


def _call_when_ended(callback: Callable[[], None]) -> None:
    waiting = _of_the_request.get()
    if waiting is not None and connection.in_atomic_block:
        waiting.append(callback)
    else:
        callback()


@contextmanager
def advisory_lock(lock: LockKey) -> Iterator[bool]:
    """Yields whether the lock was free. It spans transactions and ends with the connection: a session lock or, behind a
    transaction pooler, which has no sessions, the lock of a transaction on a separate connection."""
    if not isinstance(lock, LockKey):
        raise TypeError(f"{lock!r} is not a declared lock: Lock(…).key(…).")
    if connection.settings_dict["TENANCY"]["pooled"]:
        with _separate_cursor() as cursor:
            yield lock.try_hold(cursor)
        return
    with connection.cursor() as cursor:
        is_held = lock.try_hold_in_session(cursor)
    try:
        yield is_held
    finally:
        if is_held:
            with connection.cursor() as cursor:
                lock.release(cursor)


@contextmanager
def _separate_cursor() -> Iterator[Any]:
    """A cursor of the platform in a transaction of its own, on a separate connection."""
    separate = connection.copy()
    separate.settings_dict["TENANCY"]["platform"] = True
    try:
        separate.set_autocommit(False)
        with separate.cursor() as cursor:
            yield cursor
    finally:
        with suppress(DatabaseError):
            separate.rollback()
        separate.close()
