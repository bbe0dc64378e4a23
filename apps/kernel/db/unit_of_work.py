"""Units of work: one transaction each, retried after a serialization failure or deadlock."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Unavailable

from . import callbacks, outcome
from .replica import note_write

R = TypeVar("R")
SERIALIZATION_FAILURES = ("40001", "40P01")
"""SQLSTATEs of a transaction that the database aborted in favour of another: a serialization failure or deadlock."""
LOCK_TIMEOUT = "55P03"
MAX_ATTEMPTS = 4
FIRST_PAUSE_S = 0.02
"""Pause before the second attempt; doubled for each further one, with jitter."""
log = logging.getLogger(__name__)


class Busy(Unavailable):
    message = _("Another request is changing the same data. Nothing was changed. Try again in a moment.")
    retry_after = 1
    enforced_by = (*SERIALIZATION_FAILURES, LOCK_TIMEOUT)


@contextmanager
def unit_of_work() -> Iterator[None]:
    """One transaction for the block. Inside another unit of work it is a savepoint."""
    if callbacks.are_collected():
        with transaction.atomic():
            yield
        return
    with callbacks.called_at_end(), _outermost():
        yield


def in_unit_of_work(work: Callable[[], R]) -> R:
    """Runs `work` in a unit of work, and retries it after a serialization failure or deadlock.

    Each retry starts from the beginning, without the callbacks of the aborted attempt. The error is raised after
    MAX_ATTEMPTS, and at once inside another transaction, because only the outermost one can be retried."""
    if callbacks.are_collected() or connection.in_atomic_block:
        with unit_of_work():
            return work()
    for attempt in range(1, MAX_ATTEMPTS):
        with callbacks.called_at_end() as collected:
            try:
                with _outermost():
                    return work()
            except DatabaseError as error:
                if not is_serialization_failure(error):
                    raise
                collected.clear()
                log.warning("Aborted by the database, retry %s of %s: %s", attempt, MAX_ATTEMPTS - 1, error)
        time.sleep(FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311 - jitter
    with unit_of_work():
        return work()


def is_serialization_failure(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in SERIALIZATION_FAILURES


@contextmanager
def _outermost() -> Iterator[None]:
    note_write()
    is_inside_request = connection.in_atomic_block  # as behind a transaction pooler
    with transaction.atomic():
        yield
        outcome.write_waiting()
        if is_inside_request:
            connection.check_constraints()  # otherwise violations would appear after the handler
