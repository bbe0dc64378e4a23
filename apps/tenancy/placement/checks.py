"""Start-up check for an undeclared transaction pooler: it would share one connection between tenants."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error
from django.db.backends.base.base import BaseDatabaseWrapper

ATTEMPTS = 3
_BACKEND = "SELECT pg_backend_pid(), backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"


def of_poolers(connection: BaseDatabaseWrapper, key: str) -> list[CheckMessage]:
    """Two open connections must have two server processes. Behind a transaction pooler, the second connection gets the
    process of the first while that is idle."""
    if _is_declared(connection) or not any(_share_a_backend(connection) for _ in range(ATTEMPTS)):
        return []
    return [
        Error(
            "A transaction pooler is in front of the database, and tenants would share its connections.",
            hint="Set DATABASE_POOLER=transaction, or let the pooler pool sessions.",
            obj=key,
            id="tenancy.E012",
        )
    ]


def _is_declared(connection: BaseDatabaseWrapper) -> bool:
    return bool(connection.settings_dict.get("TENANCY", {}).get("pooled"))


def _share_a_backend(connection: BaseDatabaseWrapper) -> bool:
    first, second = connection.copy(), connection.copy()
    try:
        with first.cursor() as cursor:
            cursor.execute(_BACKEND)
            backend = cursor.fetchone()
        with second.cursor() as cursor:
            cursor.execute(_BACKEND)
            return bool(cursor.fetchone() == backend)
    finally:
        first.close()
        second.close()
