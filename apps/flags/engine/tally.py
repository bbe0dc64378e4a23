"""Exact counts of evaluations by flag, variant and reason, without a lock in the evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count, cycle
from threading import Lock
from typing import TypeAlias

from .outcomes import ERROR, UNKNOWN_FLAG

SAMPLE = 1_024
_MAX_UNKNOWN = 1_000
Counted: TypeAlias = tuple[str, str | None, str]


class Cell:
    """`tick` is one call in C, so no other thread can come between reading and writing the count."""

    __slots__ = ("_drained", "_reads", "tick")

    def __init__(self) -> None:
        self.tick: Callable[[], int] = count().__next__
        self._reads = self._drained = 0

    def total(self) -> int:
        """The number of calls of `tick` so far. Callers hold the tally's lock, since reading ticks as well."""
        ticks = self.tick() - self._reads
        self._reads += 1
        return ticks

    def drain(self) -> int:
        total = self.total()
        new, self._drained = total - self._drained, total
        return new


class Tally:
    """Counts of one process. It can outlive a rule set: the next one takes it over, and no count is lost.

    `on_sample(key, seconds)` is called for one evaluation in 1,024, `on_error(key, exception)` for every failure; what
    they raise is dropped, since no evaluation may fail for its metrics.
    """

    def __init__(
        self,
        on_sample: Callable[[str, float], None] | None = None,
        on_error: Callable[[str, BaseException | str], None] | None = None,
    ) -> None:
        self.on_sample, self.on_error = on_sample, on_error
        self.is_sampled: Callable[[], bool] = cycle((False,) * (SAMPLE - 1) + (True,)).__next__
        self.last_seen: dict[str, datetime] = {}
        self._cells: dict[Counted, Cell] = {}
        self._unknown = 0
        self._lock = Lock()

    def tick(self, key: str, variant: str | None, reason: str) -> Callable[[], int]:
        """The function that counts one more."""
        counted = (key, variant, reason)
        cell = self._cells.get(counted)
        if cell is None:
            with self._lock:
                cell = self._cells.setdefault(counted, Cell())
        return cell.tick

    def count_unknown(self, key: str) -> None:
        """A flag that does not exist; after a thousand of them without their keys."""
        if (key, None, UNKNOWN_FLAG) not in self._cells:
            self._unknown += 1
            if self._unknown > _MAX_UNKNOWN:
                key = ""
        self.tick(key[:100], None, UNKNOWN_FLAG)()

    def failed(self, key: str, error: BaseException | str) -> None:
        self.tick(key[:100], None, ERROR)()
        self._call(self.on_error, key, error)

    def sampled(self, key: str, began: float) -> None:
        self._call(self.on_sample, key, time.perf_counter() - began)

    def drain(self) -> dict[Counted, int]:
        """The counts since the last call. Evaluations that run meanwhile are in this result or in the next."""
        with self._lock:
            counts = {counted: new for counted, cell in self._cells.items() if (new := cell.drain())}
        seen = datetime.now(UTC)
        self.last_seen.update(
            dict.fromkeys((key for key, _, reason in counts if reason != UNKNOWN_FLAG), seen)
        )
        return counts

    @property
    def errors(self) -> int:
        """Evaluations that failed since the process began."""
        with self._lock:
            return sum(cell.total() for (_, _, reason), cell in self._cells.items() if reason == ERROR)

    @staticmethod
    def _call(hook: Callable[..., None] | None, *arguments: object) -> None:
        if hook is not None:
            with suppress(Exception):  # the hook's own failure must not reach the caller of an evaluation
                hook(*arguments)
