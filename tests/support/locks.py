"""Waits of database sessions for each other."""

from __future__ import annotations

import psycopg
from django.db import connections

from apps.backups.waiting import wait_until


def wait_for_blocked(*, by: int, timeout_s: float = 60) -> None:
    """Waits until a session waits for a lock of the session with that process id."""

    def is_blocked() -> bool:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid)))", [by]
            )
            return bool(cursor.fetchone()[0])

    assert wait_until(is_blocked, timeout_s), f"No session waits for {by}."


def session_of_owner() -> psycopg.Connection:
    """A session of the owner beside Django."""
    settings = connections["owner"].settings_dict
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
    )
