"""Embedded PostgreSQL and Valkey of a checkout, and its keys, so that development needs no installed servers.

`resolve()` starts the servers and sets the addresses and keys that are missing from the environment. All processes of a
checkout share them; the last process stops the servers. Production never calls this: a missing address is an error
there.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from config.env import env, put
from config.keys import development
from config.keys.table import KEYS

from .binaries import pg_bin
from .errors import CannotStart
from .home import Kind, home
from .lease import Lease
from .postgres import Postgres
from .server import Server
from .valkey import Valkey

__all__ = ["CannotStart", "Kind", "home", "leave", "pg_bin", "resolve", "restart_dead"]

_needed: list[tuple[Lease, Server]] = []
_stay = ExitStack()
leave = _stay.close
"""Releases the servers before the process ends; the last process stops them."""
atexit.register(leave)


ALL = frozenset(key.variable for key in KEYS)


def resolve(kind: Kind, variables: Collection[str] = ALL) -> None:
    """Sets DATABASE_URL (and those of owner, relay and backup worker), REDIS_URL and the keys if they are missing, but
    only those of `variables`.

    Servers of the kind `test` are temporary: the first process wipes their data. Raises CannotStart.
    """
    provide_keys(variables)
    if env().database_url and env().redis_url:
        return
    with _world_readable():
        folder = home(kind)
        servers: list[Server] = [Postgres(folder, kind), Valkey(folder, kind)]
        lease = Lease(folder)
        with lease.exclusive():
            is_first = lease.join()
            # Registered before the start, so that a failed start is cleaned up too.
            _stay.callback(_leave, lease, servers, os.getpid())
            if is_first and kind == "test":
                _wipe(servers)
            _fill_in(lease, servers, variables)


def provide_keys(variables: Collection[str] = ALL) -> None:
    """Sets the keys of development that are missing."""
    for name, value in development.KEYS.items():
        if name in variables and not getattr(env(), name):
            put(**{name: value})


def restart_dead() -> list[str]:
    """Restarts servers that have died, on their port. Returns their names. Raises CannotStart."""
    dead = [(lease, server) for lease, server in _needed if not server.alive]
    for lease, server in dead:
        with lease.exclusive():
            server.up()
    return [server.name for _, server in dead]


def _fill_in(lease: Lease, servers: list[Server], variables: Collection[str]) -> None:
    for server in servers:
        if getattr(env(), server.variable) is None:
            server.up()
            put(**{name: url for name, url in server.addresses().items() if name in variables})
            _needed.append((lease, server))


def _wipe(servers: list[Server]) -> None:
    for server in servers:
        server.down()
        server.wipe()


def _leave(lease: Lease, servers: list[Server], joined_as: int) -> None:
    """Stops every server if this is the last process."""
    if os.getpid() != joined_as:
        return  # a fork shares its parent's lease and must not release it
    with lease.exclusive():
        if lease.is_last():
            for server in reversed(servers):
                server.down()
        lease.end()


@contextmanager
def _world_readable() -> Iterator[None]:
    """Under root the servers run as another user, who needs access even if the umask is 077."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)
