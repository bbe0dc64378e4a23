"""Registry of fields with personally identifiable information (PII), which are anonymised in copies of a tenant.

    declare_pii("identity.User", email=EMAIL, name=NAME)
    exclude_from_clones("identity.RefreshToken")
    exclude_from_anonymous_clones("attachments.Attachment")

A declaration for a model also applies to its versions in the field history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from django.apps import apps
from django.db.models import Model


class Kind(StrEnum):
    """How a value is replaced. Equal values get equal replacements, so that relations between rows remain."""

    NAME = "name"
    EMAIL = "email"
    TEXT = "text"
    REFERENCE = "reference"
    """A text that identifies a record, such as "order:12", which stays; any other one, and what follows the kinds in
    "transfer:manual:DE89…", is replaced like a text, so that references remain equal where they were."""
    SECRET = "secret"  # noqa: S105 - a kind of value
    DATA = "data"
    """JSON: emptied."""
    OFF = "off"
    """A boolean that enables contact with other systems: false in a copy."""


NAME, EMAIL, TEXT, REFERENCE, SECRET, DATA, OFF = Kind

_fields: dict[str, dict[str, Kind]] = {}
_excluded: set[str] = set()
_excluded_from_anonymous: set[str] = set()


def declare_pii(model: str, **fields: Kind) -> None:
    """Declares PII and secret fields of a model ("app.Model")."""
    _fields.setdefault(model.lower(), {}).update(fields)


def exclude_from_clones(*models: str) -> None:
    """Rows of these models are not copied, such as sessions, tokens and confidential texts."""
    _excluded.update(model.lower() for model in models)


def exclude_from_anonymous_clones(*models: str) -> None:
    """Rows of these models are not copied to anonymised clones, such as those of files, which cannot be anonymised."""
    _excluded_from_anonymous.update(model.lower() for model in models)


def pii_columns() -> Mapping[str, Mapping[str, Kind]]:
    """By table and column. Raises LookupError for a field that its model does not have."""
    columns: dict[str, dict[str, Kind]] = {}
    for model in apps.get_models():
        for field, kind in _declared_for(model):
            columns.setdefault(model._meta.db_table, {})[_column(model, field)] = kind
    return columns


def tables_not_copied(*, anonymous: bool) -> frozenset[str]:
    """The tables whose rows are not copied to a clone."""
    excluded = _excluded | _excluded_from_anonymous if anonymous else _excluded
    return frozenset(
        model._meta.db_table for model in apps.get_models() if excluded.intersection(_names_of(model))
    )


def _declared_for(model: type[Model]) -> Iterator[tuple[str, Kind]]:
    """Versions may have fewer fields than their model."""
    own, *versioned = _names_of(model)
    yield from _fields.get(own, {}).items()
    known = {field.name for field in model._meta.concrete_fields}
    for name in versioned:
        yield from ((field, kind) for field, kind in _fields.get(name, {}).items() if field in known)


def _names_of(model: type[Model]) -> Iterator[str]:
    """The name of the model and, for a model of versions, of the versioned model."""
    yield model._meta.label_lower
    if versioned := getattr(model, "instance_type", None):
        yield versioned._meta.label_lower


def _column(model: type[Model], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "column"))  # noqa: B009 - a reverse relation has none
