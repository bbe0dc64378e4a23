"""What a running version may not bear: of fields, constraints and SQL. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db.migrations import RunSQL
from django.db.models import Field, Q

_TAKES_AWAY = re.compile(
    r"\b(DROP\s+(TABLE|COLUMN|VIEW|FUNCTION|SCHEMA|TYPE|SEQUENCE)|RENAME|SET\s+NOT\s+NULL"
    r"|ALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE)\b",
    re.IGNORECASE,
)
_BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
"""Of a function: it is run later, or by nobody."""

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
    """From whoever inserts a row: a default of Django's is not in the database."""
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
        yield "the running version still asks for the column by its old name."
    if _is_narrower(known, new):
        yield "the running version may write what the new type does not hold, or not understand what it reads."


def _is_narrower(known: Field[Any, Any], new: Field[Any, Any]) -> bool:
    kinds = known.get_internal_type(), new.get_internal_type()
    if kinds[0] != kinds[1]:
        return kinds not in _WIDER or _is_shorter(known, new)
    whole = [getattr(each, "max_digits", 0) - getattr(each, "decimal_places", 0) for each in (known, new)]
    places = [getattr(each, "decimal_places", 0) for each in (known, new)]
    return _is_shorter(known, new) or whole[1] < whole[0] or places[1] < places[0]


def _is_shorter(known: Field[Any, Any], new: Field[Any, Any]) -> bool:
    return new.max_length is not None and (known.max_length is None or new.max_length < known.max_length)


def fields_of(constraint: Any) -> list[str]:
    """The fields that a constraint speaks of, as far as it says them plainly."""
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
        if found := _TAKES_AWAY.search(_BODY.sub("", text)):
            yield f"SQL with {' '.join(found.group().upper().split())}: the running version may still need it."
