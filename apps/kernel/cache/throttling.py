"""Rate limits per minute, counted atomically in Redis."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.cache import cache

from apps.kernel.clock import now

WINDOW = 60


@dataclass(frozen=True)
class Used:
    """The number of uses in this minute, including the current one, and the seconds until it ends."""

    count: int
    resets_in: int


def use(name: str) -> Used:
    """Counts one use in the current tenant. Raises redis.RedisError; the caller decides what an outage allows."""
    since = int(now().timestamp())
    key = f"throttle:{name}:{since // WINDOW}"
    cache.add(key, 0, timeout=2 * WINDOW)
    return Used(int(cache.incr(key)), WINDOW - since % WINDOW)
