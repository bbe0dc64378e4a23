"""Values that are needed many times in a request: held in the memory of this process, without Redis too.

While this process receives stamps, a value is held as long as those of its areas are the same; otherwise for a second,
in place of a query, or a request to Redis, for each use.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import redis

from . import stamps

V = TypeVar("V")
HELD_S = 1.0


@dataclass(frozen=True, slots=True)
class _Held(Generic[V]):
    value: V
    stamps: tuple[str | None, ...]
    until: float


class Moments(Generic[V]):
    """`size` is the maximum number of values; the oldest goes first."""

    def __init__(self, size: int = 10_000) -> None:
        self._held: dict[Hashable, _Held[V]] = {}
        self._size = size

    def get(self, key: Hashable, names: tuple[str, ...], load: Callable[[], V]) -> V:
        """`names` are the stamps on which the value depends. A transaction that replaces one of them loads its own."""
        if stamps.is_any_due(names):
            return load()
        held, now = self._held.get(key), time.monotonic()
        if held is not None and now < held.until and _is_current(names, held.stamps):
            return held.value
        known = tuple(map(_stamp, names))  # before the value: it is never older
        held = _Held(load(), known, now + HELD_S)
        if len(self._held) >= self._size and key not in self._held:
            self._held.pop(next(iter(list(self._held))), None)
        self._held[key] = held
        return held.value


def _is_current(names: tuple[str, ...], before: tuple[str | None, ...]) -> bool:
    known = tuple(map(stamps.STAMPS.known, names))
    return known == before or not stamps.STAMPS.is_listening


def _stamp(name: str) -> str | None:
    try:
        return stamps.STAMPS.of(name)
    except redis.RedisError:
        return None
