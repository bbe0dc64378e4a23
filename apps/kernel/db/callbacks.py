"""Callbacks that run after the end of a unit of work, whether it was committed or rolled back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

Callback = Callable[[], None]

_of_the_unit: ContextVar[list[Callback] | None] = ContextVar("callbacks_of_unit", default=None)
_of_the_request: ContextVar[list[Callback] | None] = ContextVar("callbacks_of_request", default=None)


def afterwards(callback: Callback) -> None:
    """Calls back after the commit or rollback of the current unit of work, or at once where there is none.

    For data that must survive a rollback, such as the audit record of a refusal.
    """
    if (callbacks := _of_the_unit.get()) is None:
        _call_after_request(callback)
    else:
        callbacks.append(callback)


def are_collected() -> bool:
    """Whether a unit of work is open, at whose end callbacks run."""
    return _of_the_unit.get() is not None


@contextmanager
def called_at_end() -> Iterator[list[Callback]]:
    """Collects the callbacks of one unit of work, and calls them after the block."""
    callbacks: list[Callback] = []
    token = _of_the_unit.set(callbacks)
    try:
        yield callbacks
    finally:
        _of_the_unit.reset(token)
        for callback in callbacks:
            _call_after_request(callback)


@contextmanager
def called_after_request() -> Iterator[None]:
    """Where the block is one transaction, the callbacks of its units of work run after it, each in a transaction of its
    own."""
    callbacks: list[Callback] = []
    token = _of_the_request.set(callbacks)
    try:
        yield
    finally:
        _of_the_request.reset(token)
        with ExitStack() as stack:  # runs all callbacks even if one fails
            for callback in reversed(callbacks):
                stack.callback(transaction.atomic(callback))


def _call_after_request(callback: Callback) -> None:
    callbacks = _of_the_request.get()
    if callbacks is not None and connection.in_atomic_block:
        callbacks.append(callback)
    else:
        callback()
