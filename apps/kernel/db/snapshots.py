"""Transactions in which all reads see the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[Any]:
    """A cursor in a read-only transaction with one snapshot, as long as it takes: without an id, it does not stop the
    sealing of the audit log. Not inside another transaction, whose level is fixed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")  # sets the tenant of the connection before the transaction begins
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;"
            " SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
        )
        yield cursor
