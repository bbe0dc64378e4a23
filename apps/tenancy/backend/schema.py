"""Fewer indexes than Django's default: each exists in every tenant's schema, and is written with each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.models import Field, Model

HISTORY_INDEXES = frozenset({"id", "history_date"})
"""Fields by which versions are queried. By default every index of a model exists on its history as well."""


class _Editor(DatabaseSchemaEditor):
    """Django's editor, with the private methods that its stubs lack."""

    if TYPE_CHECKING:

        def _create_like_index_sql(self, model: type[Model], field: Field[Any, Any]) -> Any: ...
        def _field_should_be_indexed(self, model: type[Model], field: Field[Any, Any]) -> bool: ...


class SchemaEditor(_Editor):
    """Creates fewer indexes."""

    def _create_like_index_sql(self, model: type[Model], field: Field[Any, Any]) -> None:
        """No LIKE index on texts: searches ignore case, so no query uses a LIKE with a fixed prefix."""

    def _field_should_be_indexed(self, model: type[Model], field: Field[Any, Any]) -> bool:
        wanted = super()._field_should_be_indexed(model, field)
        return wanted and not (_is_unused_in_history(model, field) or _begins_the_pair(model, field))


def _is_unused_in_history(model: type[Model], field: Field[Any, Any]) -> bool:
    names = {field.name for field in model._meta.local_fields}
    return "history_id" in names and field.name not in HISTORY_INDEXES


def _begins_the_pair(model: type[Model], field: Field[Any, Any]) -> bool:
    """Whether the unique index of a many-to-many table begins with the field."""
    pairs = model._meta.unique_together if model._meta.auto_created else ()
    return any(pair[0] == field.name for pair in pairs)
