"""Row guard: a row that was loaded for one tenant cannot be used for another.

Rows of all tenants have the same classes and overlapping ids. A row that is loaded for one tenant and saved while
another is active would silently overwrite the other tenant's row with that id, and a filter with it would match foreign
rows. Therefore each row remembers its schema, and both are refused.

The router calls `row_must_be_of_tenant` on save, delete, refresh and relations, the lookups here on filters, and
`Tracked` on bulk writes.
"""

from __future__ import annotations

import functools
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import ForeignObject, Model
from django.db.models.base import ModelState
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Unavailable
from apps.kernel.tenant import PUBLIC_SCHEMA, current_schema

CONTROL = "control"
"""The connection of the platform. Its rows belong to the platform, whatever the current tenant."""


class RowOfAnotherTenant(Unavailable):
    message = _("{row} belongs to {schema} and cannot be used in {here}.")


class _SchemaOfRow:
    """`ModelState.db`, which Django sets when a row is loaded, saved or related; records the schema too."""

    def __get__(self, state: ModelState | None, owner: type[ModelState] | None = None) -> str | None:
        return state.__dict__.get("db") if state else None

    def __set__(self, state: ModelState, alias: str | None) -> None:
        state.__dict__["db"] = alias
        state.__dict__["schema"] = PUBLIC_SCHEMA if alias == CONTROL else current_schema()


def row_must_be_of_tenant(row: Model) -> None:
    """Raises RowOfAnotherTenant. New rows, and rows of tables outside the tenants' schemas, pass."""
    schema = row._state.__dict__.get("schema")
    here = current_schema()
    if schema not in (None, here) and row._meta.app_label in _labels():
        raise RowOfAnotherTenant(row=f"{row._meta.label}:{row.pk}", schema=schema, here=here)


@functools.cache
def _labels() -> frozenset[str]:
    """Labels of the apps with tables in each tenant's schema."""
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
            for value in self.rhs:
                if isinstance(value, Model):
                    row_must_be_of_tenant(value)
        return super().get_prep_lookup()


def install() -> None:
    """Call once, before any row is loaded."""
    ModelState.db = _SchemaOfRow()  # type: ignore[assignment]  # a descriptor in place of the attribute
    ForeignObject.register_lookup(_Exact)
    ForeignObject.register_lookup(_In)
