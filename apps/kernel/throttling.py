"""So many of something in a minute. Redis counts in one step, so that none slips through between two."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from .clock import now

WINDOW = 60


@dataclass(frozen=True)
class Used:
    """How many there were in this minute, with the one that asks, and how many seconds of it are left."""

    count: int
    resets_in: int


def use(name: str) -> Used:
    """One more, in the current tenant. Raises redis.RedisError: who asks decides what passes when nobody can count."""
    since = int(now().timestamp())
    key = f"throttle:{name}:{since // WINDOW}"
    cache.add(key, 0, timeout=2 * WINDOW)
    return Used(int(cache.incr(key)), WINDOW - since % WINDOW)
