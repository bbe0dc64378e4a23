"""Which fields say something about a person: said by the app that has them, and replaced in a copy that others may see.

    declare_pii("identity.User", email=EMAIL, name=NAME)
    stays_home("identity.RefreshToken")

What holds for a model holds for the versions of it that history keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from django.apps import apps
from django.db.models import Model


class Kind(StrEnum):
    """How a value is replaced. The same value by the same other one, so that what belonged together still does."""

    NAME = "name"
    EMAIL = "email"
    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - a kind of value
    DATA = "data"
    """JSON: emptied."""
    OFF = "off"
    """A boolean that lets something out of the house: off in a copy."""


NAME, EMAIL, TEXT, SECRET, DATA, OFF = Kind

_fields: dict[str, dict[str, Kind]] = {}
_home: set[str] = set()


def declare_pii(model: str, **fields: Kind) -> None:
    """These fields of the model ("app.Model") are about a person, or a secret."""
    _fields.setdefault(model.lower(), {}).update(fields)


def exclude_from_copies(*models: str) -> None:
    """No row of these goes into a copy: sessions, tokens, what was said in confidence."""
    _home.update(model.lower() for model in models)


def pii_columns() -> Mapping[str, Mapping[str, Kind]]:
    """By table and column. Raises LookupError for a field that its model does not have."""
    found: dict[str, dict[str, Kind]] = {}
    for model in apps.get_models():
        for field, kind in _said_of(model):
            found.setdefault(model._meta.db_table, {})[_column(model, field)] = kind
    return found


def tables_not_copied() -> frozenset[str]:
    """The tables of which no row goes along."""
    return frozenset(
        model._meta.db_table for model in apps.get_models() if _home.intersection(_names_of(model))
    )


def _said_of(model: type[Model]) -> Iterator[tuple[str, Kind]]:
    """Versions may be of fewer fields than their model has."""
    own, *kept = _names_of(model)
    yield from _fields.get(own, {}).items()
    known = {field.name for field in model._meta.concrete_fields}
    for name in kept:
        yield from ((field, kind) for field, kind in _fields.get(name, {}).items() if field in known)


def _names_of(model: type[Model]) -> Iterator[str]:
    """Its own, and that of the model whose versions it keeps."""
    yield model._meta.label_lower
    if kept := getattr(model, "instance_type", None):
        yield kept._meta.label_lower


def _column(model: type[Model], name: str) -> str:
    return str(getattr(model._meta.get_field(name), "column"))  # noqa: B009 - a relation from elsewhere has none
