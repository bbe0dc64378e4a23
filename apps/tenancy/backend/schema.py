"""Fewer indexes than Django makes: every one of them is there for each tenant, and is written with each row."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.models import Field, Model

ASKED_OF_HISTORY = frozenset({"id", "history_date"})
"""By what versions are found: whose they are, and when they were made. Django would keep every index of the master
data on its history as well."""


class SchemaEditor(DatabaseSchemaEditor):
    """It hangs on two inner methods of Django's, of which the stubs know nothing."""

    def _create_like_index_sql(self, model: type[Model], field: Field[Any, Any]) -> None:
        """No second index on texts: searches ignore case, so LIKE with a fixed beginning is asked of none."""

    def _field_should_be_indexed(self, model: type[Model], field: Field[Any, Any]) -> bool:
        wanted: bool = super()._field_should_be_indexed(model, field)  # type: ignore[misc]
        return wanted and not (_is_idle_in_history(model, field) or _begins_the_pair(model, field))


def _is_idle_in_history(model: type[Model], field: Field[Any, Any]) -> bool:
    names = {field.name for field in model._meta.local_fields}
    return "history_id" in names and field.name not in ASKED_OF_HISTORY


def _begins_the_pair(model: type[Model], field: Field[Any, Any]) -> bool:
    """Of a many-to-many table: the index that keeps its pairs unique begins with this field."""
    pairs = model._meta.unique_together if model._meta.auto_created else ()
    return any(pair[0] == field.name for pair in pairs)
