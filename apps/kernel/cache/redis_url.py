"""The address of Redis, a single server or one behind Sentinels:

    redis://:password@host:6379/0
    redis+sentinel://:password@s1:26379,s2:26379/mymaster/0?sentinel_password=…

With Sentinels each new connection looks up the current master, so a failover needs no restart. Cache, sessions, pub/sub
and broker accept both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import redis
from redis.sentinel import Sentinel

SCHEME = "redis+sentinel"
PORT = 26379


@dataclass(frozen=True)
class SentinelRedis:
    """A Redis behind Sentinels. `service` is its name in their configuration."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    database: int = 0
    username: str | None = None
    password: str | None = None
    of_sentinels: tuple[tuple[str, str], ...] = ()
    """The username and password of the Sentinels."""

    @classmethod
    def read(cls, url: str) -> SentinelRedis:
        """Raises ValueError, without the address, which contains a password."""
        parts = urlsplit(url)
        credentials, _, hosts = parts.netloc.rpartition("@")
        user, _, password = credentials.partition(":")
        service, _, database = parts.path.strip("/").partition("/")
        if not hosts or not service:
            raise ValueError(f"The format is {SCHEME}://:password@host:port,host:port/service/database.")
        parameters = parse_qs(parts.query)
        return cls(
            sentinels=tuple(_host_and_port(host) for host in hosts.split(",")),
            service=service,
            database=int(database or 0),
            username=unquote(user) or None,
            password=unquote(password) or None,
            of_sentinels=tuple(
                (name, parameters[f"sentinel_{name}"][0])
                for name in ("username", "password")
                if f"sentinel_{name}" in parameters
            ),
        )

    def master(self, **options: Any) -> redis.Redis:
        """A client of the current master. Timeouts apply to the Sentinels too."""
        timeouts = {
            key: options[key] for key in ("socket_timeout", "socket_connect_timeout") if key in options
        }
        untyped: Any = Sentinel  # redis-py has no types for it
        sentinels = untyped(list(self.sentinels), sentinel_kwargs=dict(self.of_sentinels) | timeouts)
        client: redis.Redis = sentinels.master_for(
            self.service, db=self.database, username=self.username, password=self.password, **options
        )
        return client

    @property
    def broker_url(self) -> str:
        """The address in Celery's format."""
        credentials = (
            f"{quote(self.username or '', safe='')}:{quote(self.password, safe='')}@" if self.password else ""
        )
        return ";".join(
            f"sentinel://{credentials}{host}:{port}/{self.database}" for host, port in self.sentinels
        )

    @property
    def broker_options(self) -> dict[str, Any]:
        return {"master_name": self.service, "sentinel_kwargs": dict(self.of_sentinels)}


def uses_sentinel(url: str) -> bool:
    return url.startswith(f"{SCHEME}://")


def client_of(url: str, **options: Any) -> redis.Redis:
    """A client of the Redis at that address, of either kind."""
    if uses_sentinel(url):
        return SentinelRedis.read(url).master(**options)
    client: redis.Redis = redis.Redis.from_url(url, **options)
    return client


class SentinelPool:
    """A pool class for Django's Redis cache."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Any:
        return SentinelRedis.read(url).master(**options).connection_pool


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":")
    return (host, int(port)) if host else (port, PORT)
