"""`publish(channel, payload)` and `subscribe(channel, handler)`: a word from one process to all others, by Redis.

It wakes and says nothing that must not be lost: who was not there, or had no Redis, never hears it. So a hearer
that comes back looks for itself (`connected`), and nothing is right only because a word arrived. What must arrive
is an event.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from .redis_url import client_of
from .tenant import current_tenant

PLATFORM = "public"
COME_BACK_AFTER = 1.0
NEVER = Retry(NoBackoff(), 0)
"""What must be waited for is worse than none: whoever asks goes on without."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, and to whom it belongs: a tenant's id, or "public" for the platform."""

    tenant: str
    payload: Any


def publish(channel: str, payload: Any, *, tenant_id: int | str | None = None) -> bool:
    """Say it now to every process that hears the channel, on behalf of the current tenant unless one is named.

    The payload is JSON values. After a change, say it when the change is committed. False when Redis is away.
    """
    try:
        client().publish(_wire(channel, tenant_id), json.dumps(payload))
    except redis.RedisError as error:
        log.warning("Nobody was told on %s: %s", channel, error)
        return False
    return True


def set_and_publish(key: str, value: str, channel: str) -> None:
    """Set the key and say `[key, value]` in one step: what is heard last is what the key holds. Raises
    redis.RedisError, and then neither was done."""
    with client().pipeline(transaction=True) as together:
        together.set(key, value)
        together.publish(_wire(channel, None), json.dumps([key, value]))
        together.execute()


def subscribe(
    channel: str, handler: Callable[[Message], None], *, connected: Callable[[], None] | None = None
) -> PubSubListener:
    """Hear the channel of every tenant in a thread of this process, from now on. `handler` is called in that thread
    with no tenant active; `connected` is called first whenever the ear begins to hear, also after it was deaf."""
    ear = PubSubListener(channel, handler, connected)
    ear.listen()
    return ear


class PubSubListener:
    """Hears one channel, and comes back by itself when Redis was away. `hearing` says whether it does."""

    def __init__(
        self, channel: str, handler: Callable[[Message], None], connected: Callable[[], None] | None = None
    ) -> None:
        self.channel, self.handler, self.connected = channel, handler, connected
        self.hearing = threading.Event()
        self._closed = False
        self._process: int | None = None  # that has the thread: a fork leaves its parent's threads behind
        self._lock = threading.Lock()

    def listen(self) -> bool:
        """Begin, unless this process has begun already. True when it is just beginning."""
        if self._process == os.getpid():
            return False
        with self._lock:
            if self._process == os.getpid():
                return False
            self.hearing.clear()
            self._process = os.getpid()
            threading.Thread(target=self._hear_for_ever, name=f"ear-{self.channel}", daemon=True).start()
            return True

    def close(self) -> None:
        self._closed = True

    @property
    def _wanted(self) -> bool:
        return not self._closed and threading.main_thread().is_alive()

    def _hear_for_ever(self) -> None:
        while self._wanted:
            try:
                self._hear()
            except (redis.RedisError, ValueError) as error:
                if self._wanted:
                    log.warning("Nothing is heard on %s: %s", self.channel, error)
            self.hearing.clear()
            time.sleep(COME_BACK_AFTER)

    def _hear(self) -> None:
        with client().pubsub() as heard:
            heard.psubscribe(_wire(self.channel, "*"))
            while self._wanted:
                message = heard.get_message(timeout=5.0)
                if message:
                    self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "psubscribe":
            if self.connected:
                self.connected()
            self.hearing.set()
        elif message["type"] == "pmessage":
            tenant = message["channel"].decode().split(":")[2]
            try:
                self.handler(Message(tenant, json.loads(message["data"])))
            except Exception:
                log.exception("What was said on %s could not be taken up.", self.channel)


def _wire(channel: str, tenant_id: int | str | None) -> str:
    """Channels are the whole server's, so the name holds the database that the keys are in, and the tenant."""
    if tenant_id is None:
        tenant = current_tenant()
        tenant_id = tenant.id if tenant else PLATFORM
    return f"bursar:{client().connection_pool.connection_kwargs.get('db', 0)}:{tenant_id}:{channel}"


_clients: dict[int, Any] = {}


def client() -> Any:
    """One per process: a connection must not cross a fork."""
    pid = os.getpid()
    if pid not in _clients:
        _clients[pid] = client_of(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=1, retry=NEVER)
    return _clients[pid]
