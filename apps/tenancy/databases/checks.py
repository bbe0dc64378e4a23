"""A transaction pooler of which nobody has told us hands one tenant's connection to the next: no start behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections

TRIES = 3
_WHO = "SELECT pg_backend_pid(), backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"


@register(Tags.database)
def no_pooler_stands_between_unsaid(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Two connections of ours, both open, must have a server process each; behind a transaction pooler the second is
    given that of the first as soon as this one rests."""
    if "default" not in (databases or ()) or _is_told():
        return []
    if not any(_two_share_one() for _ in range(TRIES)):
        return []
    return [
        Error(
            "A transaction pooler stands before the database, and tenants would meet on its connections.",
            hint="Set DATABASE_POOLER=transaction, or let the pooler pool sessions.",
            id="tenancy.E012",
        )
    ]


def _is_told() -> bool:
    return bool(connections["default"].settings_dict.get("TENANCY", {}).get("pooled"))


def _two_share_one() -> bool:
    first, second = (connections["default"].copy() for _ in range(2))
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
