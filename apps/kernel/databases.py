"""`connections["default"]` is the current tenant's database, wherever that is.

It is resolved below Django's alias, so `transaction.atomic()`, `on_commit()` and libraries are what they always were:
they name a role (`default`, `replica`, `owner`, `relay`, `backup_worker`), and whose turn it is says which server
plays it. `control` is always home. A name with a place (`owner@east`) is that very connection.

It hangs on two methods of Django's handler: `[alias]`, and `all()`, which must name each real connection once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import InterfaceError, OperationalError, connections
from django.db.utils import ConnectionHandler

from apps.kernel.tenant import HOME, current_database

log = logging.getLogger("bursar.databases")
ROLES = frozenset({"default", "replica", "owner", "relay", "backup_worker"})


class LocatedConnections(ConnectionHandler):
    """Django's handler, which looks where the current tenant is."""

    _connections: Any  # of this thread, by alias; the stubs do not know it

    def __getitem__(self, alias: str) -> Any:
        return super().__getitem__(self.located(alias))

    def all(self, initialized_only: bool = False) -> list[Any]:
        return [
            super(LocatedConnections, self).__getitem__(alias)
            for alias in self
            if not initialized_only or hasattr(self._connections, alias)
        ]

    def located(self, alias: str) -> str:
        """The real connection behind the alias, here and now. Without a replica, the primary is it."""
        role, _, key = alias.partition("@")
        if role not in ROLES:
            return alias
        key = key or current_database()
        there = role if key == HOME else f"{role}@{key}"
        if role == "replica" and there not in self.settings:
            return self.located(at("default", key))
        return there


def install() -> None:
    """Once, before anything connects. The object stays the same: everybody has imported it already."""
    connections.__class__ = LocatedConnections


def known() -> list[str]:
    """The keys of all databases of which this process has the runtime's address, home first."""
    return [HOME, *sorted(alias.partition("@")[2] for alias in connections if alias.startswith("default@"))]


def having(role: str) -> list[str]:
    """The keys of those in which this process can be `role`."""
    there = {HOME: role}
    return [key for key in known() if there.get(key, at(role, key)) in connections.settings]


@contextmanager
def skip_if_unreachable(key: str) -> Iterator[None]:
    """What comes round goes on to the next database when this one is away: who lies there waits, and nobody else.
    That it is away is said by the gauges."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        log.warning("The database %s has no turn: %s", key, str(error).strip().partition("\n")[0])


def at(role: str, key: str) -> str:
    """The name of that very connection, whoever's turn it is."""
    return f"{role}@{key}"


def runtime(key: str) -> str:
    """The name by which the platform reads and writes its rows in that database; a row remembers it."""
    return "default" if key == HOME else at("default", key)


def key_of(row: Any) -> str:
    """The key of the database that the row was read from by name, or empty: it is of the one at hand."""
    return str(row._state.db).partition("@")[2]


def number_of(row: Any) -> str:
    """By which the row is known at home. Numbers repeat from database to database, so another's say where: 17@east."""
    key = key_of(row)
    return f"{row.pk}@{key}" if key else str(row.pk)
