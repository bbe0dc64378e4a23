"""Failed sign-ins, counted by account, source and hour, so that guesses cannot fill the audit log.

The counters are in Redis, at most `MAX_COUNTERS` an hour; further sources of an account share one. A task writes the
audit records when the hour is over (`tasks.record_failed_sign_ins`). All unknown accounts of a source share a counter,
as a stranger can name any number.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import redis

from apps.identity.models import User
from apps.kernel.cache.keys import tenant_cache_key
from apps.kernel.cache.redis_client import client
from apps.kernel.clock import now

HOUR_S = 3_600
RETENTION_S = 7 * 86_400
"""Longer than any outage of the workers."""
MAX_COUNTERS = 100
OTHER_SOURCES = ""

_COUNT = """
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[5])
local counter = ARGV[2]
if redis.call('HEXISTS', KEYS[2], counter) == 0 and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then
    counter = ARGV[3]
end
redis.call('HINCRBY', KEYS[2], counter, 1)
redis.call('EXPIRE', KEYS[2], ARGV[5])
"""


@dataclass(frozen=True)
class Counter:
    """`locked_out` counts attempts that were refused without judging the password. Without a user it is that of the
    unknown accounts."""

    user_id: int | None
    source: str
    locked_out: bool

    @property
    def field(self) -> str:
        return json.dumps([self.user_id, self.source, self.locked_out])


def count(email: str, source: str, *, locked_out: bool) -> None:
    """One more in the current hour. Looks up the account in any case, so that unknown ones take equally long."""
    user, hour = User.objects.with_email(email), int(now().timestamp()) // HOUR_S
    counter = Counter(user.pk if user else None, source, locked_out)
    shared = Counter(counter.user_id, OTHER_SOURCES, locked_out)
    arguments = (hour, counter.field, shared.field, MAX_COUNTERS, RETENTION_S)
    with suppress(redis.RedisError):
        client().eval(_COUNT, 2, _hours(), _counters(hour), *arguments)


def past_hours() -> list[int]:
    """Those with counters, without the current one."""
    current = int(now().timestamp()) // HOUR_S
    return sorted(hour for hour in map(int, client().smembers(_hours())) if hour < current)


def counters(hour: int) -> Iterator[tuple[Counter, int]]:
    for field, number in client().hgetall(_counters(hour)).items():
        user_id, source, locked_out = json.loads(field)
        yield Counter(user_id, source, locked_out), int(number)


def forget(hour: int, counter: Counter) -> None:
    client().hdel(_counters(hour), counter.field)


def forget_hour(hour: int) -> None:
    client().srem(_hours(), hour)


def start_of(hour: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(hour * HOUR_S, dt.UTC)


def _hours() -> str:
    return tenant_cache_key("failed-sign-ins")


def _counters(hour: int) -> str:
    return tenant_cache_key(f"failed-sign-ins:{hour}")
