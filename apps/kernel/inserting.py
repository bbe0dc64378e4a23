"""Rows that are written and not looked at again: what every command leaves in the audit log and in the outbox.

`Model.save` makes its statement anew each time and asks back what the database has chosen. That was a quarter of what a
command costs.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import connections, router
from django.db.models import Field, Model
from django.db.models.expressions import DatabaseDefault


def insert(row: Model) -> None:
    """Write the new row, as `save(force_insert=True)` would. It does not learn its id, and no signal is sent."""
    connection = connections[router.db_for_write(type(row), instance=row)]
    said = [(field, field.pre_save(row, True)) for field in _fields(type(row))]
    given = [(each, value) for each, value in said if not isinstance(value, DatabaseDefault)]
    with connection.cursor() as cursor:
        cursor.execute(
            _statement(type(row), tuple(each.column for each, _ in given)),
            [each.get_db_prep_save(value, connection) for each, value in given],
        )


@cache
def _fields(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """Without the identity, which the database gives."""
    return tuple(field for field in model._meta.local_concrete_fields if not field.primary_key)


@cache
def _statement(model: type[Model], columns: tuple[str, ...]) -> str:
    names, places = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(columns))
    return f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({places})'  # noqa: S608 - names of models
