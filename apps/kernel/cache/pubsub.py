"""Pub/sub between processes over Redis: `publish(channel, payload)` and `subscribe(channel, handler)`.

Messages may be lost: a process that is not running or not connected never receives them. Use them as hints only; a
subscriber reads the current state itself whenever it connects (`connected`). Use an event (`apps.events`) for
guaranteed delivery.
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

from apps.kernel.tenant import current_tenant

from .redis_client import client

PLATFORM = "public"
RECONNECT_AFTER_S = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Message:
    """The payload of a message, and its owner: a tenant's id, or "public" for the platform."""

    tenant: str
    payload: Any


def publish(channel: str, payload: Any, *, tenant_id: int | str | None = None) -> bool:
    """Send the payload (JSON values) to all subscribers of the channel, by default for the current tenant.

    Call it after the commit of a change. Returns False when Redis is unavailable.
    """
    try:
        client().publish(_wire(channel, tenant_id), json.dumps(payload))
    except redis.RedisError as error:
        log.warning("A message on %s was not published: %s", channel, error)
        return False
    return True


def set_and_publish(key: str, value: str, channel: str) -> None:
    """Set the key and publish `[key, value]` atomically, so that the last message equals the value of the key. Raises
    redis.RedisError, and then did neither."""
    with client().pipeline(transaction=True) as pipe:
        pipe.set(key, value)
        pipe.publish(_wire(channel, None), json.dumps([key, value]))
        pipe.execute()


def subscribe(
    channel: str, handler: Callable[[Message], None], *, connected: Callable[[], None] | None = None
) -> PubSubListener:
    """Listen to the channel of all tenants in a thread of this process. `handler` runs in that thread without an active
    tenant. `connected` runs after each connect or reconnect, before any message."""
    listener = PubSubListener(channel, handler, connected)
    listener.listen()
    return listener


class PubSubListener:
    """Listens to one channel, and reconnects after an outage of Redis. `listening` is set while it is subscribed."""

    def __init__(
        self, channel: str, handler: Callable[[Message], None], connected: Callable[[], None] | None = None
    ) -> None:
        self.channel, self.handler, self.connected = channel, handler, connected
        self.listening = threading.Event()
        self._closed = False
        self._process: int | None = None  # the process of the thread: a fork does not copy threads
        self._lock = threading.Lock()

    def listen(self) -> bool:
        """Start the thread unless this process has started it. True if it was started."""
        if self._process == os.getpid():
            return False
        with self._lock:
            if self._process == os.getpid():
                return False
            self.listening.clear()
            self._process = os.getpid()
            threading.Thread(target=self._run, name=f"pubsub-{self.channel}", daemon=True).start()
            return True

    def close(self) -> None:
        self._closed = True

    @property
    def _wanted(self) -> bool:
        return not self._closed and threading.main_thread().is_alive()

    def _run(self) -> None:
        while self._wanted:
            try:
                self._receive()
            except (redis.RedisError, ValueError) as error:
                if self._wanted:
                    log.warning("The subscription to %s was interrupted: %s", self.channel, error)
            self.listening.clear()
            time.sleep(RECONNECT_AFTER_S)

    def _receive(self) -> None:
        with client().pubsub() as subscription:
            subscription.psubscribe(_wire(self.channel, "*"))
            while self._wanted:
                message = subscription.get_message(timeout=5.0)
                if message:
                    self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "psubscribe":
            if self.connected:
                self.connected()
            self.listening.set()
        elif message["type"] == "pmessage":
            tenant = message["channel"].decode().split(":")[2]
            try:
                self.handler(Message(tenant, json.loads(message["data"])))
            except Exception:
                log.exception("The handler of a message on %s failed.", self.channel)


def _wire(channel: str, tenant_id: int | str | None) -> str:
    """Channels are global to a Redis server, so the name contains the database number and the tenant."""
    if tenant_id is None:
        tenant = current_tenant()
        tenant_id = tenant.id if tenant else PLATFORM
    return f"bursar:{client().connection_pool.connection_kwargs.get('db', 0)}:{tenant_id}:{channel}"
