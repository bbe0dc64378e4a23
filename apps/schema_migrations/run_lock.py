"""One migration run at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections

from apps.kernel.db import databases
from apps.kernel.db.locks import Lock
from apps.kernel.tenant import HOME

from .errors import MigrationInProgress, OwnerNotConfigured

MIGRATIONS = Lock("migrations")


@contextmanager
def migration_lock() -> Iterator[None]:
    """Raises OwnerNotConfigured and MigrationInProgress. The database releases the lock when the connection ends."""
    owner_must_be_configured()
    lock = MIGRATIONS.key()
    with _owner() as cursor:
        if not lock.try_hold_in_session(cursor):
            raise MigrationInProgress
    try:
        yield
    finally:
        with _owner() as cursor:
            lock.release(cursor)


def owner_must_be_configured() -> None:
    """Raises OwnerNotConfigured."""
    if "owner" not in connections.settings:
        raise OwnerNotConfigured


def _owner() -> AbstractContextManager[Any]:
    """The owner's connection, which never goes through a pooler."""
    return connections[databases.at("owner", HOME)].cursor()
