"""Registry of fields with personally identifiable information (PII), which are anonymised in copies of a tenant.

    declare_pii("identity.User", email=EMAIL, name=NAME)
    exclude_from_clones("identity.RefreshToken")
    exclude_from_anonymous_clones("attachments.Attachment")

A declaration for a model also applies to its versions in the field history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.apps import apps
from django.db.models import Model


class Kind(StrEnum):
    """How a value is replaced. Equal values get equal replacements, so that relations between rows remain."""

    NAME = "name"
    EMAIL = "email"
    TEXT = "text"
    REFERENCE = "reference"
    """A text that identifies a record, such as "order:12", which stays if the kind of record is declared
    (declare_references). Any other one is replaced like a text, so that references remain equal where they were."""
    SOURCE = "source"
    """The business fact of an entry, such as "refund_ledger:7:order:12": what follows a declared beginning
    (declare_sources) is replaced like the reference or text that it is."""
    SECRET = "secret"  # noqa: S105 - a kind of value
    DATA = "data"
    """JSON: emptied."""
    OFF = "off"
    """A boolean that enables contact with other systems: false in a copy."""


NAME, EMAIL, TEXT, REFERENCE, SOURCE, SECRET, DATA, OFF = Kind

_fields: dict[str, dict[str, Kind]] = {}
_references: set[str] = set()
_before_references: set[str] = set()
_before_texts: set[str] = set()
_excluded: set[str] = set()
_excluded_from_anonymous: set[str] = set()


def declare_pii(model: str, **fields: Kind) -> None:
    """Declares PII and secret fields of a model ("app.Model")."""
    _fields.setdefault(model.lower(), {}).update(fields)


def declare_references(*kinds: str) -> None:
    """Kinds of record in references that stay: "order" of "order:12"."""
    _references.update(kinds)


def declare_sources(*, before_reference: Iterable[str] = (), before_text: Iterable[str] = ()) -> None:
    """Beginnings of the sources of entries, as regular expressions: what follows is the value of a field of kind
    REFERENCE, or of kind TEXT."""
    _before_references.update(before_reference)
    _before_texts.update(before_text)


@dataclass(frozen=True)
class Patterns:
    """Regular expressions of PostgreSQL: of a reference that stays, and of the beginnings of sources."""

    reference: str
    before_reference: str
    before_text: str


def reference_patterns() -> Patterns:
    return Patterns(
        f"^({'|'.join(sorted(_references))}):[0-9]{{1,12}}$",
        f"^(?:{'|'.join(sorted(_before_references))}):",
        f"^(?:{'|'.join(sorted(_before_texts))}):",
    )


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
