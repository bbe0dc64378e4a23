"""Memory, then Redis, then the database; every key belongs to a tenant.

Correctness never rests on what is kept here: Redis may be flushed or gone at any moment, and then the loader
answers. A change bumps the stamp of its area after the commit; the stamp is part of every key, so one bump
makes a whole area of one tenant unreachable without scanning keys, and a push tells every process at once.
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

from . import pubsub, replica
from .metrics import CACHE
from .tenant import current_tenant

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LAYOUT = 3
"""Count it up when a class whose instances are kept here changes its fields: two releases may run side by side."""
CHANNEL = "stamps"
AREAS: WeakSet[Cached[Any, Any]] = WeakSet()
log = logging.getLogger(__name__)
_client = pubsub.client


def tenant_cache_key(key: str, tenant_id: int | str | None = None) -> str:
    """`tenant:{id}:{key}`, of the current tenant when none is named, `public` being the platform's own.

    Name the tenant when the platform keeps something about it (row CAC-03).
    """
    if tenant_id is None:
        tenant = current_tenant()
        tenant_id = tenant.id if tenant else "public"
    return f"tenant:{tenant_id}:{key}"


def make_key(key: str, key_prefix: str, version: int) -> str:
    """Django's `KEY_FUNCTION`: sessions, throttles, palettes and all else in the cache are a tenant's too."""
    return tenant_cache_key(f"{key_prefix}{version}:{key}")


class Cached(Generic[K, V]):
    """Answers of `load(key)`, kept per tenant.

    area    the name under which they are kept and invalidated together
    ttl     seconds, the ceiling when a push is lost
    of      whose they are where it is not the current tenant: "public" for what the platform knows
    about   the tenant of whom the platform knows it: its answers stand among that tenant's keys and go with them,
            while one change of the area still makes them all unreachable
    size    how many of them one process keeps in memory
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
            CACHE.labels(area, found) for found in ("memory", "redis", "nowhere")
        )
        self._lock = threading.Lock()
        AREAS.add(self)

    def get(self, key: K) -> V:
        try:
            stamp = _stamps.of(tenant_cache_key(f"{self.area}:stamp", self.of))
        except redis.RedisError:
            return self._loaded(key)
        whose = self.about(key) if self.about else self.of
        full = tenant_cache_key(f"{self.area}:{key}", whose) + f"@{stamp}.{LAYOUT}"
        if _Bump(tenant_cache_key(f"{self.area}:stamp", self.of)).is_due():
            return self._loaded(key)
        found, value = self._remembered(full)
        if found:
            self._in_memory.inc()
            return value  # type: ignore[return-value]
        return self._fetch(key, full)

    def invalidate(self, tenant_id: int | str | None = None) -> None:
        """Forget the area, for everybody, once the change at hand is committed."""
        transaction.on_commit(
            _Bump(tenant_cache_key(f"{self.area}:stamp", self.of or tenant_id)), robust=True
        )

    def _loaded(self, key: K) -> V:
        """From the primary, also inside a report: what is kept here others are told for long, and nothing would ever
        make it newer than the change that it has missed."""
        with replica.reading_primary():
            return self.load(key)

    def _remembered(self, full: str) -> tuple[bool, V | None]:
        with self._lock:
            until, value = self._memory.get(full, (0.0, None))
            if until < time.monotonic():
                self._memory.pop(full, None)
                return False, None
            self._memory.move_to_end(full)
            return True, value

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
        """A tuple of one, so that a remembered None is not a miss, and the seconds that are left of its lifetime: in
        memory it must not begin another. Of a miss the seconds are a whole lifetime."""
        try:
            kept, left = _client().pipeline(transaction=False).get(full).pttl(full).execute()
        except redis.RedisError:
            return None, self.ttl
        if not kept:
            return None, self.ttl
        return pickle.loads(kept), max(left, 0) / 1000  # noqa: S301 - our own bytes, on our own server

    def _to_redis(self, full: str, value: tuple[V]) -> None:
        try:
            _client().set(full, pickle.dumps(value), ex=self.ttl)
        except redis.RedisError as error:
            log.warning("Not kept in Redis: %s", error)


def forget_tenant(tenant_id: int) -> None:
    """Remove every key of a tenant that is no more. What cannot be reached now goes when its time is over."""
    try:
        for key in _client().scan_iter(match=tenant_cache_key("*", tenant_id), count=1_000):
            _client().unlink(key)
    except redis.RedisError as error:
        log.warning("Keys of tenant %s are left to their time: %s", tenant_id, error)


class _Bump:
    """What happens to an area at the end of the transaction that changes it. Until then nothing of it is kept: what
    this transaction reads may be rolled back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__qualname__ = f"the bump of {name}"  # by which Django names it when it fails

    def __call__(self) -> None:
        _stamps.bump(self.name)

    def is_due(self) -> bool:
        waiting = transaction.get_connection().run_on_commit
        return any(isinstance(each[1], _Bump) and each[1].name == self.name for each in waiting)


class _Stamps:
    """The current stamp of every area, known without asking while a listener hears Redis push the changes.

    A stamp is random and not a count: after Redis was flushed a count would meet its own past.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._ear = pubsub.PubSubListener(CHANNEL, self._take, connected=self.forget)

    def of(self, name: str) -> str:
        if self._ear.listen():
            self.forget()  # what a parent process knew
        if self._ear.hearing.is_set() and name in self._known:
            return self._known[name]
        stamp = self._ask(name)
        if self._ear.hearing.is_set():
            self._known.setdefault(name, stamp)
        return stamp

    def bump(self, name: str) -> None:
        stamp = self._known[name] = new_stamp()
        pubsub.set_and_publish(name, stamp, CHANNEL)

    def forget(self) -> None:
        """What was pushed while nobody heard is not known."""
        self._known.clear()

    def _ask(self, name: str) -> str:
        """The first to ask makes it; nobody else's is overwritten."""
        made = new_stamp()
        there = _client().set(name, made, nx=True, get=True)
        return there.decode() if there else made

    def _take(self, word: pubsub.Message) -> None:
        name, stamp = word.payload
        self._known[name] = stamp


def new_stamp() -> str:
    return secrets.token_hex(8)


_stamps = _Stamps()
