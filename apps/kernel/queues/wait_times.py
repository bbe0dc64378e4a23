"""Waiting times of the queues, read from the broker; a wait above the queue's limit is an alert."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.cache import keys, redis_client
from apps.kernel.cache.redis_url import client_of

from .policies import POLICIES, QueuePolicy

WAITED = keys.tenant_cache_key("queues:waited", "public")
UNTAKEN_SINCE = keys.tenant_cache_key("queues:untaken", "public")
CHECK_INTERVAL_S = 15.0
REPEAT_INTERVAL_S = 60.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The status of a queue in the broker.

    depth    waiting messages
    oldest   age of the oldest waiting message in seconds
    unacked  messages held by workers; None where the broker does not report it
    waited   wait of the latest task taken by a worker, in seconds
    """

    queue: str
    depth: int
    oldest: float
    unacked: int | None
    waited: float

    @property
    def policy(self) -> QueuePolicy:
        return POLICIES[self.queue]

    @property
    def alert(self) -> bool:
        return self.oldest > self.policy.wait_alert


def queue_statuses() -> list[QueueStatus]:
    """Every queue, in the order of the policy table. Raises redis.RedisError or kombu's errors without a broker."""
    url = str(settings.BROKER_URL)
    return _in_redis(url) if url.startswith("redis") else _over_amqp()


BROKER_ERRORS = (redis.RedisError, BrokerAway, OSError)


def stamp(headers: dict[str, Any]) -> None:
    """Adds the earliest start to each published message, also to a retry."""
    eta = headers.get("eta")
    headers["sent_at"] = dt.datetime.fromisoformat(eta).timestamp() if eta else time.time()


def note(queue: str, sent_at: float | None) -> None:
    """Stores the wait of a task that a worker has taken."""
    if sent_at is None:
        return
    try:
        with redis_client.client().pipeline(transaction=False) as pipe:
            pipe.hset(WAITED, queue, max(0.0, time.time() - sent_at))
            pipe.hdel(UNTAKEN_SINCE, queue)
            pipe.execute()
    except redis.RedisError as error:
        log.debug("The wait was not noted: %s", error)


class QueueMonitor:
    """Logs that a queue is late, once a minute, and that it has recovered."""

    def __init__(self) -> None:
        self._checked_at = -CHECK_INTERVAL_S
        self._reported_at: dict[str, float] = {}

    def check(self) -> None:
        """Checks the queues at most four times a minute."""
        if time.monotonic() - self._checked_at < CHECK_INTERVAL_S:
            return
        self._checked_at = time.monotonic()
        try:
            self.report(queue_statuses())
        except BROKER_ERRORS as error:
            log.error("The ages of the queues are unknown, the broker does not answer: %s", error)

    def report(self, queues: Iterable[QueueStatus]) -> None:
        for queue in queues:
            if queue.alert:
                self._alert(queue)
            elif self._reported_at.pop(queue.queue, None) is not None:
                log.info("Work in queue %s is taken up in time again.", queue.queue)

    def _alert(self, status: QueueStatus) -> None:
        if time.monotonic() - self._reported_at.get(status.queue, -REPEAT_INTERVAL_S) < REPEAT_INTERVAL_S:
            return
        self._reported_at[status.queue] = time.monotonic()
        log.error(
            "Work in queue %s has waited %.0f s, the alert is at %s s: %s messages wait.",
            *(status.queue, status.oldest, status.policy.wait_alert, status.depth),
        )


def _in_redis(url: str) -> list[QueueStatus]:
    """Redis shows the oldest message itself: workers take from the right end of a list."""
    with _broker(os.getpid(), url).pipeline(transaction=False) as pipe:
        for queue in POLICIES:
            pipe.llen(queue)
            pipe.lindex(queue, -1)
        pipe.hvals("unacked")
        *pairs, held = pipe.execute()
    waited = _waited()
    holders = [json.loads(message)[2] for message in held]
    return [
        QueueStatus(queue, depth, _age(oldest), holders.count(queue), waited.get(queue, 0.0))
        for queue, depth, oldest in zip(POLICIES, pairs[::2], pairs[1::2], strict=True)
    ]


def _over_amqp() -> list[QueueStatus]:
    """AMQP reports only the depth. The age is the wait of the latest task taken by a worker, or the time since the
    first check of a queue from which no worker has taken a task."""
    waited = _waited()
    with current_app.connection_for_read() as connection:
        connection.ensure_connection(max_retries=1)
        return [_status(queue, _depth(connection, queue), waited.get(queue, 0.0)) for queue in POLICIES]


def _status(queue: str, depth: int, waited: float) -> QueueStatus:
    oldest = max(waited, _untaken(queue)) if depth else 0.0
    return QueueStatus(queue, depth, oldest, None, waited)


def _depth(connection: Any, queue: str) -> int:
    """0 until a worker has declared the queue."""
    with connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return 0


def _untaken(queue: str) -> float:
    redis_client.client().hsetnx(UNTAKEN_SINCE, queue, time.time())
    return time.time() - float(redis_client.client().hget(UNTAKEN_SINCE, queue) or time.time())


def _waited() -> dict[str, float]:
    return {name.decode(): float(value) for name, value in redis_client.client().hgetall(WAITED).items()}


def _age(message: bytes | None) -> float:
    sent_at = json.loads(message)["headers"].get("sent_at") if message else None
    return max(0.0, time.time() - sent_at) if sent_at else 0.0


@lru_cache(maxsize=4)
def _broker(process: int, url: str) -> Any:
    """A connection must not cross a fork."""
    return client_of(url, socket_timeout=2, socket_connect_timeout=1, retry=redis_client.NEVER)
