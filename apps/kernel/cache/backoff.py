"""Limits with increasing waits, counted atomically in Redis.

An attempt takes one from each of its limits, or is refused and takes nothing. So of many parallel attempts exactly the
allowed number passes. An attempt that succeeds gives back what it took.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.kernel.clock import now

from .keys import tenant_cache_key
from .redis_client import client

_TAKE = """
local now = tonumber(ARGV[1])
for _, key in ipairs(KEYS) do
    local blocked = tonumber(redis.call('HGET', key, 'until') or 0)
    if blocked > now then return blocked - now end
end
for i, key in ipairs(KEYS) do
    local allowed, first = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1])
    local max_wait, memory = tonumber(ARGV[4 * i]), tonumber(ARGV[4 * i + 1])
    local count = redis.call('HINCRBY', key, 'count', 1)
    if count >= allowed then
        local wait = math.min(max_wait, first * 2 ^ math.min(count - allowed, 30))
        redis.call('HSET', key, 'until', string.format('%.0f', now + wait))
    end
    redis.call('PEXPIRE', key, memory)
end
return 0
"""
_GIVE_BACK = """
for i, key in ipairs(KEYS) do
    if redis.call('EXISTS', key) == 1 then
        local count = redis.call('HINCRBY', key, 'count', -1)
        if count <= 0 then redis.call('DEL', key)
        else redis.call('HDEL', key, 'until') end
    end
end
"""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """After `allowed` attempts each further one waits: first `first_wait_s`, then twice as long, up to
    `max_wait_s`. Without attempts the limit is forgotten after `memory_s`."""

    name: str
    allowed: int
    first_wait_s: int
    max_wait_s: int
    memory_s: int

    @property
    def key(self) -> str:
        return tenant_cache_key(f"backoff:{self.name}")


def take(limits: Sequence[Limit]) -> int:
    """0 for an attempt within all limits, otherwise the seconds to wait. Raises redis.RedisError."""
    numbers = [
        number
        for limit in limits
        for number in (
            limit.allowed,
            limit.first_wait_s * 1000,
            limit.max_wait_s * 1000,
            limit.memory_s * 1000,
        )
    ]
    milliseconds = int(now().timestamp() * 1000)
    keys = [limit.key for limit in limits]
    return -(-int(client().eval(_TAKE, len(keys), *keys, milliseconds, *numbers)) // 1000)


def give_back(limits: Sequence[Limit]) -> None:
    """Undoes `take`, with the wait that it began: an attempt that passed had none before."""
    if limits:
        client().eval(_GIVE_BACK, len(limits), *(limit.key for limit in limits))


def forget(limit: Limit) -> None:
    client().delete(limit.key)
