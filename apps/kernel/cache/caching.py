"""A cache in two levels, process memory and Redis, in front of the database. Every key belongs to a tenant.

Correctness does not depend on the cache: Redis may be flushed or unavailable at any moment, and then the loader runs.
Invalidation uses stamps: each area of a tenant has a random stamp that is part of all its keys. A change replaces the
stamp after the commit, so one write makes a whole area unreachable without scanning keys; a pub/sub message
invalidates process memory everywhere.
"""

from __future__ import annotations

import logging
import pickle
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

import redis
from django.db import transaction

from apps.kernel.db import replica
from apps.kernel.observability.metrics import CACHE
from apps.kernel.tenant import current_tenant

from . import pubsub

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LAYOUT = 3
"""Increment it when a class of cached instances changes its fields, because two releases may run side by side."""
CHANNEL = "stamps"
AREAS: WeakSet[Cached[Any, Any]] = WeakSet()
log = logging.getLogger(__name__)
_client = pubsub.client


def tenant_cache_key(key: str, tenant_id: int | str | None = None) -> str:
    """`tenant:{id}:{key}`, by default of the current tenant; the platform's id is `public`.

    Pass `tenant_id` where the platform stores data about a tenant, so that the key is removed with the tenant.
    """
    if tenant_id is None:
        tenant = current_tenant()
        tenant_id = tenant.id if tenant else "public"
    return f"tenant:{tenant_id}:{key}"


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's `KEY_FUNCTION`: makes sessions, throttles and all other cache entries belong to a tenant."""
    return tenant_cache_key(f"{key_prefix}{version}:{key}")


class Cached(Generic[K, V]):
    """Results of `load(key)`, cached for each tenant.

    area    the name under which results are stored and invalidated together
    ttl     lifetime in seconds, which also bounds staleness when a pub/sub message is lost
    of      the owner where it is not the current tenant: "public" for data of the platform
    about   for data of the platform about a tenant: returns the tenant's id for a key. The result is stored among that
            tenant's keys and removed with them; invalidating the area still covers it
    size    maximum number of results in the memory of one process
    """

    def __init__(
        self,
        area: str,
        load: Callable[[K], V],
        *,
        ttl: int,
        of: str | None = None,
        about: Callable[[K], int | str] | None = None,
        size: int = 10_000,
    ) -> None:
        self.area, self.load, self.ttl, self.of, self.about, self.size = area, load, ttl, of, about, size
        self._memory: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._in_memory, self._in_redis, self._missed = (
            CACHE.labels(area, level) for level in ("memory", "redis", "nowhere")
        )
        self._lock = threading.Lock()
        AREAS.add(self)

    def get(self, key: K) -> V:
        try:
            stamp = _stamps.of(tenant_cache_key(f"{self.area}:stamp", self.of))
        except redis.RedisError:
            return self._loaded(key)
        owner = self.about(key) if self.about else self.of
        full = tenant_cache_key(f"{self.area}:{key}", owner) + f"@{stamp}.{LAYOUT}"
        if _Bump(tenant_cache_key(f"{self.area}:stamp", self.of)).is_due():
            return self._loaded(key)
        remembered = self._from_memory(full)
        if remembered is None:
            return self._fetch(key, full)
        self._in_memory.inc()
        return remembered[0]

    def invalidate(self, tenant_id: int | str | None = None) -> None:
        """Invalidate the area in all processes after the current transaction commits."""
        transaction.on_commit(
            _Bump(tenant_cache_key(f"{self.area}:stamp", self.of or tenant_id)), robust=True
        )

    def _loaded(self, key: K) -> V:
        """Loads from the primary even inside a report: a stale row of the replica would stay in the cache, and its
        change has already invalidated the area."""
        with replica.reading_primary():
            return self.load(key)

    def _from_memory(self, full: str) -> tuple[V] | None:
        """A tuple of one, as from Redis."""
        with self._lock:
            if full not in self._memory:
                return None
            until, value = self._memory[full]
            if until < time.monotonic():
                del self._memory[full]
                return None
            self._memory.move_to_end(full)
            return (value,)

    def _fetch(self, key: K, full: str) -> V:
        value, seconds = self._from_redis(full)
        (self._missed if value is None else self._in_redis).inc()
        if value is None:
            value = (self._loaded(key),)
            self._to_redis(full, value)
        with self._lock:
            self._memory[full] = (time.monotonic() + seconds, value[0])
            while len(self._memory) > self.size:
                self._memory.popitem(last=False)
        return value[0]

    def _from_redis(self, full: str) -> tuple[tuple[V] | None, float]:
        """A tuple of one, so that a cached None is not a miss, and its remaining lifetime in seconds, which applies to
        the memory too. After a miss it is the whole lifetime."""
        try:
            stored, left = _client().pipeline(transaction=False).get(full).pttl(full).execute()
        except redis.RedisError:
            return None, self.ttl
        if not stored:
            return None, self.ttl
        return pickle.loads(stored), max(left, 0) / 1000  # noqa: S301 - our own bytes, on our own server

    def _to_redis(self, full: str, value: tuple[V]) -> None:
        try:
            _client().set(full, pickle.dumps(value), ex=self.ttl)
        except redis.RedisError as error:
            log.warning("Not cached in Redis: %s", error)


def forget_tenant(tenant_id: int) -> None:
    """Remove every key of a deleted tenant. While Redis is unavailable, its keys expire by themselves."""
    try:
        for key in _client().scan_iter(match=tenant_cache_key("*", tenant_id), count=1_000):
            _client().unlink(key)
    except redis.RedisError as error:
        log.warning("Keys of tenant %s were not removed and will expire: %s", tenant_id, error)


class _Bump:
    """Replaces the stamp of an area after the transaction that changes it. Until then this transaction bypasses the
    cache, because its reads may be rolled back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__qualname__ = f"the bump of {name}"  # the name in Django's log if it fails

    def __call__(self) -> None:
        _stamps.bump(self.name)

    def is_due(self) -> bool:
        waiting = transaction.get_connection().run_on_commit
        return any(isinstance(entry[1], _Bump) and entry[1].name == self.name for entry in waiting)


class _Stamps:
    """The current stamp of every area, held in memory while a pub/sub listener receives changes.

    A stamp is random and not a counter: after a flush of Redis a counter would repeat earlier values.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._listener = pubsub.PubSubListener(CHANNEL, self._take, connected=self.forget)

    def of(self, name: str) -> str:
        if self._listener.listen():
            self.forget()  # stamps of the parent process
        if self._listener.listening.is_set() and name in self._known:
            return self._known[name]
        stamp = self._fetch(name)
        if self._listener.listening.is_set():
            self._known.setdefault(name, stamp)
        return stamp

    def bump(self, name: str) -> None:
        stamp = self._known[name] = new_stamp()
        pubsub.set_and_publish(name, stamp, CHANNEL)

    def forget(self) -> None:
        """Messages sent while the listener was disconnected are lost, so known stamps may be stale."""
        self._known.clear()

    def _fetch(self, name: str) -> str:
        """The first process to read a stamp creates it; an existing stamp is not overwritten."""
        created = new_stamp()
        existing = _client().set(name, created, nx=True, get=True)
        return existing.decode() if existing else created

    def _take(self, message: pubsub.Message) -> None:
        name, stamp = message.payload
        self._known[name] = stamp


def new_stamp() -> str:
    return secrets.token_hex(8)


_stamps = _Stamps()
