"""Connections: `connections["default"]` is the database of the current tenant.

An alias names a role (`default`, `replica`, `owner`, `relay`, `backup_worker`), and the current tenant determines the
server. `control` is always the home database; a name with a key (`owner@east`) is one fixed connection. Because this is
resolved below Django's alias, `transaction.atomic()`, `on_commit()` and libraries work unchanged.

It overrides two methods of Django's handler: `[alias]`, and `all()`, which must list each real connection once.
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
    """Django's handler, which selects the database of the current tenant."""

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
        """The alias of the real connection. Without a replica it is the primary."""
        role, _, key = alias.partition("@")
        if role not in ROLES:
            return alias
        key = key or current_database()
        located = role if key == HOME else f"{role}@{key}"
        if role == "replica" and located not in self.settings:
            return self.located(at("default", key))
        return located


def install() -> None:
    """Call once, before the first connection. The object stays the same, because modules have imported it already."""
    connections.__class__ = LocatedConnections


def known() -> list[str]:
    """The keys of all databases whose runtime address is configured in this process, home first."""
    return [HOME, *sorted(alias.partition("@")[2] for alias in connections if alias.startswith("default@"))]


def having(role: str) -> list[str]:
    """The keys of the databases to which this process can connect as `role`."""
    home = {HOME: role}
    return [key for key in known() if home.get(key, at(role, key)) in connections.settings]


@contextmanager
def skip_if_unreachable(key: str) -> Iterator[None]:
    """A scheduled task skips an unreachable database and continues with the next one, so that only its tenants wait.
    Gauges report the outage."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        log.warning(
            "The database %s is unreachable and was skipped: %s", key, str(error).strip().partition("\n")[0]
        )


def at(role: str, key: str) -> str:
    """The alias of that connection, whatever the current tenant."""
    return f"{role}@{key}"


def runtime(key: str) -> str:
    """The alias by which the platform reads and writes its rows in that database; a row remembers it."""
    return "default" if key == HOME else at("default", key)


def key_of(row: Any) -> str:
    """The key of the database from which the row was read by name; empty for the current one."""
    return str(row._state.db).partition("@")[2]


def number_of(row: Any) -> str:
    """The row's id as known in the home database. Ids repeat across databases, so others have a suffix: 17@east."""
    key = key_of(row)
    return f"{row.pk}@{key}" if key else str(row.pk)
