"""From addresses to Django's DATABASES: which roles, hosts, replicas and shards there are.

Pure: it is given what the environment says. An alias is a role (`default`, `replica`, `owner`, `relay`,
`backup_worker`), and on another database than home the role with that database's key: `default@east`. Code says the
role; whose turn it is says the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from apps.kernel.transactions import OfTenants

ENGINE = "apps.tenancy.backend"
NOWHERE = "postgresql://nowhere:5432/bursar"
TO_THE_PRIMARY = {"target_session_attrs": "read-write"}
TO_A_REPLICA: Mapping[str, Any] = {
    "target_session_attrs": "prefer-standby",
    "load_balance_hosts": "random",
    "connect_timeout": 3,  # seconds: one that is away is not waited for, the primary answers
}
LONGEST_LIFE = 900
"""Seconds. A server process keeps what it has learned of every tenant's tables; a pool lets it go now and then."""

_NAMED = re.compile(r",(?=[a-z][a-z0-9_]*=)")
_KEY = re.compile(r"\A[a-z][a-z0-9_]{0,39}\Z")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """What the environment says of one database; the runtime's URL is the only one that every process has.

    write and read  hosts with ports, where they are not the URL's: "db1,db2:5433"
    """

    runtime: str
    owner: str | None = None
    relay: str | None = None
    backup_worker: str | None = None
    write: str = ""
    read: str = ""


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How all of them are used.

    pool    connections that a process keeps for its threads to share; 0: each thread keeps its own
    pooled  a transaction pooler stands between the runtime and the database
    """

    pool: int = 0
    pooled: bool = False


def named(text: str | None) -> dict[str, str]:
    """{"east": …, "west": …} of `east=…,west=…`. A comma ends a value only where the next name begins, since lists of
    hosts have commas of their own. Raises ImproperlyConfigured, without the values: they are secrets."""
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
    """Every database beside home, by its key. Raises ImproperlyConfigured for one that has an owner and no runtime."""
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
    home: Addresses, others: Mapping[str, Addresses], manner: Manner
) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. `control` is the runtime at home on a connection of its own: what the platform knows is read
    there while a tenant's work is done (decision C29)."""
    made = connections_of(home, manner)
    made["control"] = connection(home.runtime, manner, hosts=home.write, platform=True)
    if manner.pooled:
        made["default"]["ATOMIC_REQUESTS"] = OfTenants()
    for key, addresses in others.items():
        made |= {f"{alias}@{key}": each for alias, each in connections_of(addresses, manner).items()}
    return made


def connections_of(addresses: Addresses, manner: Manner) -> dict[str, dict[str, Any]]:
    """`default`, and `replica`, `owner`, `relay` and `backup_worker` where there are such. The last three never go
    through a pooler: they listen and lock for longer than a transaction."""
    made = {"default": connection(addresses.runtime, manner, hosts=addresses.write, role=True)}
    if addresses.read and _hosts_of(addresses.read) != _hosts_of(addresses.write or addresses.runtime):
        made["replica"] = connection(
            addresses.runtime, manner, hosts=addresses.read, role=True, options=TO_A_REPLICA
        )
    direct = Manner()
    for alias in ("owner", "relay", "backup_worker"):
        url: str | None = getattr(addresses, alias)
        if url:
            made[alias] = connection(url, direct)
    return made


def connection(
    url: str,
    manner: Manner = Manner(),
    *,
    hosts: str = "",
    role: bool = False,
    platform: bool = False,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """postgresql://user:password@host:port,host:port/name?sslmode=… as Django wants it.

    hosts     instead of those of the URL
    role      each tenant's work is done in that tenant's role
    platform  it is the platform's whoever's turn it is
    """
    parts = urlsplit(url)
    credentials, _, in_url = parts.netloc.rpartition("@")
    user, _, password = credentials.partition(":")
    host, port = _split(hosts or in_url)
    said: dict[str, Any] = (
        dict(parse_qsl(parts.query)) | (TO_THE_PRIMARY if "," in host else {}) | dict(options)
    )
    if manner.pool:
        said["pool"] = {
            "min_size": 1,
            "max_size": manner.pool,
            "max_lifetime": LONGEST_LIFE,
            "timeout": 10,
        }
    return {
        "ENGINE": ENGINE,
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(user),
        "PASSWORD": unquote(password),
        "HOST": host,
        "PORT": port,
        "OPTIONS": said,
        "TENANCY": {"role": role, "platform": platform, "pooled": manner.pooled},
        # A connection is kept between requests; the engine sees to it that it looks where the next tenant's data is.
        # A pool keeps them itself, and a health check of its own is done when it hands one out.
        "CONN_MAX_AGE": 0 if manner.pool else 60,
        "CONN_HEALTH_CHECKS": True,
        # Behind a transaction pooler a cursor cannot outlive its transaction.
        "DISABLE_SERVER_SIDE_CURSORS": manner.pooled,
    }


def _hosts_of(url_or_hosts: str) -> tuple[str, str]:
    return _split(urlsplit(url_or_hosts).netloc.rpartition("@")[2] if "//" in url_or_hosts else url_or_hosts)


def _split(hosts: str) -> tuple[str, str]:
    """("db1,db2", "5432,5433") of "db1,db2:5433": libpq wants them apart, one port for each host."""
    both = [_host_and_port(host.strip()) for host in hosts.split(",") if host.strip()]
    return ",".join(host for host, _ in both), ",".join(port for _, port in both)


def _host_and_port(text: str) -> tuple[str, str]:
    bracketed = re.match(r"\A\[(?P<host>[^]]+)\](?::(?P<port>\d+))?\Z", text)  # IPv6
    if bracketed:
        return bracketed["host"], bracketed["port"] or "5432"
    host, _, port = text.partition(":")
    return host, port or "5432"
