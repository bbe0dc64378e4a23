"""PostgreSQL's 64-bit transaction ids as a field. They only grow, and are local to one database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    NumberField = models.Field[int | None, int]
else:
    NumberField = models.Field  # takes no parameters at runtime


class TransactionId(NumberField):
    """xid8, read as an int."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def from_db_value(self, value: Any, *_: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> Any:
        return value if value is None or hasattr(value, "resolve_expression") else str(value)


class CurrentTransaction(models.Func):
    function = "pg_current_xact_id"
    arity = 0
    output_field = TransactionId()
