"""What the database itself refuses, by its SQLSTATE: a statement that is misspelt is refused as well."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connections, transaction

NO_RIGHT = "42501"
NO_COLUMN = "42703"
NO_NAME = "42602"
CHECK = "23514"
APPROVAL = "BA004"


def refused(statement: str, *, alias: str = "default") -> str | None:
    """The SQLSTATE with which the statement, or the commit after it, is refused."""
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(statement)
    return getattr(caught.value.__cause__, "sqlstate", None)
