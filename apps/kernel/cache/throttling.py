"""Rate limits per minute, counted atomically in Redis."""

from __future__ import annotations

from dataclasses import dataclass

from apps.kernel.clock import now

from .keys import tenant_cache_key
from .redis_client import client

WINDOW = 60
_USE = """
local now, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local since = tonumber(redis.call('HGET', KEYS[1], 'since'))
if not since or now < since or now >= since + window then
    since = now
    redis.call('HSET', KEYS[1], 'since', string.format('%.0f', now), 'count', 0)
    redis.call('PEXPIRE', KEYS[1], window)
end
return {redis.call('HINCRBY', KEYS[1], 'count', 1), since + window - now}
"""


@dataclass(frozen=True)
class Used:
    """The number of uses in this minute, including the current one, and the seconds until it ends."""

    count: int
    resets_in: int


def use(name: str) -> Used:
    """Counts one use in the current tenant. The minute begins with the first use, not with that of the clock.

    Raises redis.RedisError; the caller decides what an outage allows.
    """
    milliseconds = int(now().timestamp() * 1000)
    count, left = client().eval(_USE, 1, tenant_cache_key(f"throttle:{name}"), milliseconds, WINDOW * 1000)
    return Used(int(count), -(-int(left) // 1000))
