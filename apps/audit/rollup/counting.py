"""Adds new audit records to the rollup.

The database counts (`audit_roll_up` in migration 0002) and moves its cursor in the same statement, so each record is
counted once. The runtime may call the function, and has no other way to change the counts.
"""

from __future__ import annotations

from django.db import connection

from apps.kernel.db.unit_of_work import unit_of_work


def roll_up() -> int:
    """Counts all records of the current tenant that can be counted now. Returns their number."""
    total = 0
    while taken := _roll_up_batch():
        total += taken
    return total


def _roll_up_batch() -> int:
    with unit_of_work(), connection.cursor() as cursor:
        cursor.execute("SELECT audit_roll_up()")
        return int(cursor.fetchone()[0])
