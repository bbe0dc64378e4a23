"""Inline execution: a caller waits in this process for the outcome of a run, so that a failed step is not retried."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_failures: ContextVar[list[Exception] | None] = ContextVar("failures", default=None)


@contextmanager
def inline() -> Iterator[list[Exception]]:
    """Inside the block a caller waits for the outcome; errors of steps are collected in the list."""
    failures: list[Exception] = []
    token = _failures.set(failures)
    try:
        yield failures
    finally:
        _failures.reset(token)


def is_inline() -> bool:
    return _failures.get() is not None


def collect(error: Exception) -> None:
    """Adds the error of a step to those of the caller, where one waits."""
    if (failures := _failures.get()) is not None:
        failures.append(error)
