"""Whose a row is: noted where Django notes by which connection it came, and asked when it is used again.

Rows of all tenants are of the same classes and have the same numbers. One that is loaded for one tenant and saved while
another is active would be written over the other's row of that number, and nobody would notice; and a filter that is
given it would find what belongs to somebody else. So both are refused.

The router asks `must_be_here` for what Django asks it about (save, delete, refresh, relations and what is assigned to
them), the lookups here for filters, and `Tracked` for what is written in bulk.
"""

from __future__ import annotations

import functools
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignObject, Model
from django.db.models.base import ModelState
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn

from .errors import Unavailable
from .tenant import PUBLIC_SCHEMA, current_schema

CONTROL = "control"
"""What comes by it is the platform's, whoever's turn it is, and goes back by it."""


class RowOfAnotherTenant(Unavailable):
    message = "{row} is of {whose} and cannot be used in {here}."


class _Noting:
    """`ModelState.db`: set with each row that is loaded, and with each that is saved or given a relation."""

    def __get__(self, state: ModelState | None, owner: type[ModelState] | None = None) -> str | None:
        return state.__dict__.get("db") if state else None

    def __set__(self, state: ModelState, alias: str | None) -> None:
        state.__dict__["db"] = alias
        state.__dict__["schema"] = PUBLIC_SCHEMA if alias == CONTROL else current_schema()


def row_must_be_of_tenant(row: Model) -> None:
    """Raises RowOfAnotherTenant. A row that never was in the database is nobody's yet, and what stands in no tenant's
    schema is no tenant's."""
    whose = row._state.__dict__.get("schema")
    here = current_schema()
    if whose not in (None, here) and row._meta.app_label in _labels():
        raise RowOfAnotherTenant(row=f"{row._meta.label}:{row.pk}", whose=whose, here=here)


@functools.cache
def _labels() -> frozenset[str]:
    """Of the apps whose tables stand in each tenant's schema."""
    return frozenset(app.label for app in apps.get_app_configs() if app.name in settings.TENANT_APPS)


class _Exact(RelatedExact):
    def get_prep_lookup(self) -> Any:
        if isinstance(self.rhs, Model):
            row_must_be_of_tenant(self.rhs)
        return super().get_prep_lookup()


class _In(RelatedIn):
    def get_prep_lookup(self) -> Any:
        if self.rhs_is_direct_value():
            self.rhs = list(self.rhs)
            for each in self.rhs:
                if isinstance(each, Model):
                    row_must_be_of_tenant(each)
        return super().get_prep_lookup()


def install() -> None:
    """Once, before anything is loaded."""
    ModelState.db = _Noting()  # type: ignore[assignment]
    ForeignObject.register_lookup(_Exact)
    ForeignObject.register_lookup(_In)
