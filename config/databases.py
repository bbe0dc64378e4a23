"""Builds Django's DATABASES from addresses of roles, hosts, replicas and shards. Reads no environment.

An alias is a role (`default`, `replica`, `owner`, `relay`, `backup_worker`), on a shard followed by the key of the
database: `default@east`. Code names the role; the current tenant determines the database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.kernel.db.request_transactions import OfTenants

ENGINE = "apps.tenancy.backend"
NOWHERE = "postgresql://nowhere:5432/bursar"
TO_THE_PRIMARY = {"target_session_attrs": "read-write"}
TO_A_REPLICA: Mapping[str, Any] = {
    "target_session_attrs": "prefer-standby",
    "load_balance_hosts": "random",
    "connect_timeout": 3,  # seconds; after it the primary is used
}
POOL_MAX_LIFETIME_S = 900
"""A server process caches metadata of every tenant's tables; a new connection frees that memory."""

_NAMED = re.compile(r",(?=[a-z][a-z0-9_]*=)")
_KEY = re.compile(r"\A[a-z][a-z0-9_]{0,39}\Z")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Addresses of one database. Every process has the runtime's URL; the others only where they are needed.

    write and read  hosts with ports, if other than the URL's: "db1,db2:5433"
    """

    runtime: str
    owner: str | None = None
    relay: str | None = None
    backup_worker: str | None = None
    write: str = ""
    read: str = ""


@dataclass(frozen=True, kw_only=True)
class Pooling:
    """Pooling of all connections.

    pool    size of the pool that the threads of a process share; 0: one connection per thread
    pooled  the runtime connects through a transaction pooler
    """

    pool: int = 0
    pooled: bool = False


def named(text: str | None) -> dict[str, str]:
    """{"east": …, "west": …} of `east=…,west=…`. A comma separates only before a name, since lists of hosts have
    commas. Raises ImproperlyConfigured without the values, which are secrets."""
    parts = [part.partition("=") for part in _NAMED.split((text or "").strip().strip(",")) if part]
    if any(not value or not _KEY.match(key) for key, _, value in parts):
        raise ImproperlyConfigured(f"{len(parts)} databases are named, and not all of them as name=address.")
    return {key: value for key, _, value in parts}


def shards(
    *,
    runtime: str | None,
    owner: str | None = None,
    relay: str | None = None,
    backup_worker: str | None = None,
    read: str | None = None,
) -> dict[str, Addresses]:
    """All shards by key. Raises ImproperlyConfigured for a shard without a runtime address."""
    urls = named(runtime)
    owners, relays, backup_workers, replicas = (named(text) for text in (owner, relay, backup_worker, read))
    if unknown := (owners.keys() | relays.keys() | backup_workers.keys() | replicas.keys()) - urls.keys():
        raise ImproperlyConfigured(f"DATABASE_SHARDS does not name {', '.join(sorted(unknown))}.")
    if "home" in urls:
        raise ImproperlyConfigured("The database of DATABASE_URL is home; a shard needs another name.")
    return {
        key: Addresses(
            runtime=url,
            owner=owners.get(key),
            relay=relays.get(key),
            backup_worker=backup_workers.get(key),
            read=replicas.get(key, ""),
        )
        for key, url in urls.items()
    }


def all_connections(
    home: Addresses, others: Mapping[str, Addresses], pooling: Pooling
) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. `control` is a second connection of the runtime to home, for reading platform data during a
    tenant's transaction, possibly in another database."""
    databases = connections_of(home, pooling)
    databases["control"] = connection(home.runtime, pooling, hosts=home.write, platform=True)
    if pooling.pooled:
        databases["default"]["ATOMIC_REQUESTS"] = OfTenants()
    for key, addresses in others.items():
        databases |= {
            f"{alias}@{key}": database for alias, database in connections_of(addresses, pooling).items()
        }
    return databases


def connections_of(addresses: Addresses, pooling: Pooling) -> dict[str, dict[str, Any]]:
    """`default`, and `replica`, `owner`, `relay` and `backup_worker` if configured. The last three bypass the pooler:
    they listen and hold locks for longer than a transaction."""
    made = {"default": connection(addresses.runtime, pooling, hosts=addresses.write, role=True)}
    if addresses.read and _hosts_of(addresses.read) != _hosts_of(addresses.write or addresses.runtime):
        made["replica"] = connection(
            addresses.runtime, pooling, hosts=addresses.read, role=True, options=TO_A_REPLICA
        )
    direct = Pooling()
    for alias in ("owner", "relay", "backup_worker"):
        url: str | None = getattr(addresses, alias)
        if url:
            made[alias] = connection(url, direct)
    return made


def connection(
    url: str,
    pooling: Pooling = Pooling(),
    *,
    hosts: str = "",
    role: bool = False,
    platform: bool = False,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """Django's settings for postgresql://user:password@host:port,host:port/name?sslmode=….

    hosts     in place of those of the URL
    role      take the role of the current tenant
    platform  work as the platform, whatever tenant is current
    """
    parts = urlsplit(url)
    credentials, _, in_url = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    host, port = _split(hosts or in_url)
    primary = TO_THE_PRIMARY if "," in host else {}
    return {
        "ENGINE": ENGINE,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(user),
        "PASSWORD": unquote(password),
        "HOST": host,
        "PORT": port,
        "OPTIONS": {**dict(parse_qsl(parts.query)), **primary, **options, **_pool(pooling)},
        "TENANCY": {"role": role, "platform": platform, "pooled": pooling.pooled},
        # Connections outlive requests: the database engine sets the search path for each tenant. A pool holds its
        # connections itself, and checks their health on checkout.
        "CONN_MAX_AGE": 0 if pooling.pool else 60,
        "CONN_HEALTH_CHECKS": True,
        # Behind a transaction pooler a cursor cannot outlive its transaction.
        "DISABLE_SERVER_SIDE_CURSORS": pooling.pooled,
    }


def _pool(pooling: Pooling) -> dict[str, Any]:
    if not pooling.pool:
        return {}
    limits = {"min_size": 1, "max_size": pooling.pool, "max_lifetime": POOL_MAX_LIFETIME_S, "timeout": 10}
    return {"pool": limits}


def _hosts_of(url_or_hosts: str) -> tuple[str, str]:
    return _split(urlsplit(url_or_hosts).netloc.rpartition("@")[2] if "//" in url_or_hosts else url_or_hosts)


def _split(hosts: str) -> tuple[str, str]:
    """("db1,db2", "5432,5433") of "db1,db2:5433": the format of libpq, one port per host."""
    both = [_host_and_port(host.strip()) for host in hosts.split(",") if host.strip()]
    return ",".join(host for host, _ in both), ",".join(port for _, port in both)


def _host_and_port(text: str) -> tuple[str, str]:
    bracketed = re.match(r"\A\[(?P<host>[^]]+)\](?::(?P<port>\d+))?\Z", text)  # IPv6
    if bracketed:
        return bracketed["host"], bracketed["port"] or "5432"
    host, _, port = text.partition(":")
    return host, port or "5432"
