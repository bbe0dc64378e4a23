"""Changes of fields, constraints and SQL that the running version does not survive. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.migrations import RunSQL
from django.db.models import Field, Q

_DESTRUCTIVE_SQL = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|VIEW|FUNCTION|SCHEMA|TYPE|SEQUENCE)|RENAME|SET\s+NOT\s+NULL"
    r"|ALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE)\b",
    re.IGNORECASE,
)
_BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
"""The body of a function is not executed by the migration."""

_WIDER = {
    ("CharField", "TextField"),
    ("SlugField", "CharField"),
    ("SlugField", "TextField"),
    ("EmailField", "CharField"),
    ("EmailField", "TextField"),
    ("URLField", "TextField"),
    ("SmallIntegerField", "IntegerField"),
    ("SmallIntegerField", "BigIntegerField"),
    ("IntegerField", "BigIntegerField"),
    ("PositiveIntegerField", "IntegerField"),
    ("PositiveIntegerField", "PositiveBigIntegerField"),
    ("AutoField", "BigAutoField"),
}


def needs_a_value(added: Field[Any, Any]) -> bool:
    """Whether an INSERT must contain the field: Django's defaults are not in the database."""
    is_made_by_the_database = added.has_db_default() or added.generated or added.primary_key
    return not (added.null or added.many_to_many or is_made_by_the_database)


def of_alteration(known: Field[Any, Any], new: Field[Any, Any]) -> Iterator[str]:
    if known.null and not new.null:
        yield "the running version may write NULL."
    if new.unique and not known.unique:
        yield "the running version may write a value twice."
    if known.has_db_default() and needs_a_value(new):
        yield "the running version leaves its value to the database."
    if known.db_column != new.db_column:
        yield "the running version still reads the column under its old name."
    if _is_narrower(known, new):
        yield "the running version may write values that the new type cannot hold, or fail to read it."


def _is_narrower(known: Field[Any, Any], new: Field[Any, Any]) -> bool:
    kinds = known.get_internal_type(), new.get_internal_type()
    if kinds[0] != kinds[1]:
        return kinds not in _WIDER or _is_shorter(known, new)
    integer_digits = [
        getattr(field, "max_digits", 0) - getattr(field, "decimal_places", 0) for field in (known, new)
    ]
    decimal_places = [getattr(field, "decimal_places", 0) for field in (known, new)]
    return (
        _is_shorter(known, new)
        or integer_digits[1] < integer_digits[0]
        or decimal_places[1] < decimal_places[0]
    )


def _is_shorter(known: Field[Any, Any], new: Field[Any, Any]) -> bool:
    return new.max_length is not None and (known.max_length is None or new.max_length < known.max_length)


def fields_of(constraint: Any) -> list[str]:
    """The fields that a constraint names literally."""
    condition = getattr(constraint, "condition", None)
    return [*getattr(constraint, "fields", ()), *(_in_condition(condition) if condition else ())]


def _in_condition(condition: Any) -> Iterator[str]:
    for child in condition.children if isinstance(condition, Q) else ():
        if isinstance(child, Q):
            yield from _in_condition(child)
        elif isinstance(child, tuple):
            yield str(child[0]).split("__")[0]


def of_sql(operation: RunSQL) -> Iterator[str]:
    statements = [operation.sql] if isinstance(operation.sql, str) else operation.sql
    for statement in statements:
        text = statement if isinstance(statement, str) else statement[0]
        if match := _DESTRUCTIVE_SQL.search(_BODY.sub("", text)):
            yield f"SQL with {' '.join(match.group().upper().split())}: the running version may still need it."
