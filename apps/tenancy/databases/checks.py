"""A transaction pooler of which nobody has told us hands one tenant's connection to the next: no start behind it."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error
from django.db.backends.base.base import BaseDatabaseWrapper

TRIES = 3
_WHO = "SELECT pg_backend_pid(), backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"


def of_poolers(connection: BaseDatabaseWrapper, key: str) -> list[CheckMessage]:
    """Two connections of ours, both open, must have a server process each; behind a transaction pooler the second is
    given that of the first as soon as this one rests."""
    if _is_told(connection) or not any(_two_share_one(connection) for _ in range(TRIES)):
        return []
    return [
        Error(
            "A transaction pooler stands before the database, and tenants would meet on its connections.",
            hint="Set DATABASE_POOLER=transaction, or let the pooler pool sessions.",
            obj=key,
            id="tenancy.E012",
        )
    ]


def _is_told(connection: BaseDatabaseWrapper) -> bool:
    return bool(connection.settings_dict.get("TENANCY", {}).get("pooled"))


def _two_share_one(connection: BaseDatabaseWrapper) -> bool:
    first, second = connection.copy(), connection.copy()
    try:
        with first.cursor() as cursor:
            cursor.execute(_WHO)
            one = cursor.fetchone()
        with second.cursor() as cursor:
            cursor.execute(_WHO)
            return bool(cursor.fetchone() == one)
    finally:
        first.close()
        second.close()
