"""PostgreSQL and Valkey of this checkout, so that nobody installs a database to try Bursar.

`resolve()` fills in the addresses that the environment does not give, and starts the servers they
belong to. All processes of a checkout share them; the last one out stops them. Production never
calls this: there, a missing address must be an error and not a private database.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from config.env import env, put

from .binaries import pg_bin
from .errors import CannotStart
from .home import Kind, home
from .lease import Lease
from .postgres import Postgres
from .server import Server
from .valkey import Valkey

__all__ = ["CannotStart", "Kind", "bring_back", "home", "leave", "pg_bin", "resolve"]

_needed: list[tuple[Lease, Server]] = []
_stay = ExitStack()
leave = _stay.close
"""Give the servers up before the process ends; the last one out stops them."""
atexit.register(leave)


def resolve(kind: Kind) -> None:
    """Fill DATABASE_URL (with the owner's, the relay's and the backup worker's) and REDIS_URL where they are missing.

    `test` is a throw-away pair: the first one in starts from nothing. Raises CannotStart.
    """
    if env().database_url and env().redis_url:
        return
    with _readable_by_others():
        place = home(kind)
        servers: list[Server] = [Postgres(place, kind), Valkey(place, kind)]
        lease = Lease(place)
        with lease.door():
            alone = lease.join()
            # Before anything starts, so that what a failed start leaves behind is stopped too.
            _stay.callback(_leave, lease, servers, os.getpid())
            if alone and kind == "test":
                _wipe(servers)
            _fill_in(lease, servers)


def bring_back() -> list[str]:
    """Start again what has died of the servers that we started or adopted, where it was. Returns their names.

    Raises CannotStart.
    """
    dead = [(lease, server) for lease, server in _needed if not server.alive]
    for lease, server in dead:
        with lease.door():
            server.up()
    return [server.name for _, server in dead]


def _fill_in(lease: Lease, servers: list[Server]) -> None:
    for server in servers:
        if getattr(env(), server.variable) is None:
            server.up()
            put(**server.addresses())
            _needed.append((lease, server))


def _wipe(servers: list[Server]) -> None:
    for server in servers:
        server.down()
        server.wipe()


def _leave(lease: Lease, servers: list[Server], joined_as: int) -> None:
    """Stop every server, also one this process did not need: whoever needed it has left."""
    if os.getpid() != joined_as:
        return  # a fork shares its parent's lease, and must not give it up
    with lease.door():
        if lease.is_last():
            for server in reversed(servers):
                server.down()
        lease.end()


@contextmanager
def _readable_by_others() -> Iterator[None]:
    """Under root the servers run as somebody else, who must get in even when the umask is 077."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)
