"""A cache in two levels, process memory and Redis, in front of the database. Every key belongs to a tenant.

Correctness does not depend on the cache: Redis may be flushed or unavailable at any moment, and then the loader runs.
Invalidation uses stamps: each area of a tenant has a random stamp that is part of all its keys. A change replaces the
stamp after the commit, so one write makes a whole area unreachable without scanning keys; a pub/sub message
invalidates process memory everywhere.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, Generic, TypeVar
from weakref import WeakSet

import redis
from django.db import transaction
from pydantic import TypeAdapter, ValidationError

from apps.kernel.db import replica
from apps.kernel.observability.metrics import CACHE

from . import stamps
from .keys import tenant_cache_key
from .redis_client import client

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LAYOUT = 4
"""Increment it when a class of cached instances changes its fields, because two releases may run side by side."""
AREAS: WeakSet[Cached[Any, Any]] = WeakSet()
log = logging.getLogger(__name__)


class Cached(Generic[K, V]):
    """Results of `load(key)`, cached for each tenant.

    Redis holds them as JSON, never as pickles: reading a pickle runs code that its writer chose.

    area    the name under which results are stored and invalidated together
    shape   the type of the results. A value in Redis of another shape counts as missing
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
        shape: Any,
        ttl: int,
        of: str | None = None,
        about: Callable[[K], int | str] | None = None,
        size: int = 10_000,
    ) -> None:
        self.area, self.load, self.shape, self.ttl = area, load, shape, ttl
        self.of, self.about, self.size = of, about, size
        self._memory: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._in_memory, self._in_redis, self._missed = (
            CACHE.labels(area, level) for level in ("memory", "redis", "nowhere")
        )
        self._lock = threading.Lock()
        AREAS.add(self)

    def get(self, key: K) -> V:
        try:
            stamp = stamps.STAMPS.of(tenant_cache_key(f"{self.area}:stamp", self.of))
        except redis.RedisError:
            return self._loaded(key)
        owner = self.about(key) if self.about else self.of
        full = tenant_cache_key(f"{self.area}:{key}", owner) + f"@{stamp}.{LAYOUT}"
        if stamps.Bump(tenant_cache_key(f"{self.area}:stamp", self.of)).is_due():
            return self._loaded(key)
        remembered = self._from_memory(full)
        if remembered is None:
            return self._fetch(key, full)
        self._in_memory.inc()
        return remembered[0]

    def invalidate(self, tenant_id: int | str | None = None) -> None:
        """Invalidate the area in all processes after the current transaction commits."""
        transaction.on_commit(
            stamps.Bump(tenant_cache_key(f"{self.area}:stamp", self.of or tenant_id)), robust=True
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
            stored, left = client().pipeline(transaction=False).get(full).pttl(full).execute()
        except redis.RedisError:
            return None, self.ttl
        if not stored:
            return None, self.ttl
        try:
            return (self._json.validate_json(stored),), max(left, 0) / 1000
        except ValidationError as error:
            log.warning("A value in Redis has another shape and was ignored: %s", error)
            return None, self.ttl

    @cached_property
    def _json(self) -> TypeAdapter[V]:
        return TypeAdapter(self.shape)

    def _to_redis(self, full: str, value: tuple[V]) -> None:
        try:
            client().set(full, self._json.dump_json(value[0]), ex=self.ttl)
        except redis.RedisError as error:
            log.warning("Not cached in Redis: %s", error)
