"""Versions of master data that name a person, in their fields or as their actor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.models import Q

from apps.kernel.pii import EMAIL, NAME, TEXT, pii_columns

from .history import FieldHistory

ERASED = "(erased)"
ACTOR_COLUMNS = ("actor_name", "history_change_reason")
"""Columns with the actor of a version, and the actor's reason."""
AUDIT_LOG = (*ACTOR_COLUMNS, "impersonator_name")


@dataclass(frozen=True, slots=True)
class Matches:
    """One field of one table of versions, and the versions that name the person there: (history_id, history_date)."""

    table: str
    field: str
    rows: Sequence[tuple[int, dt.datetime]]

    @property
    def app(self) -> str:
        return self.table.partition("_")[0]

    @property
    def is_audit_log(self) -> bool:
        return self.field in AUDIT_LOG


def matches(user_id: int | None, texts: Sequence[str]) -> Iterator[Matches]:
    """In the tables of the current schema."""
    here, pii = set(connection.introspection.table_names()), pii_columns()
    for model in apps.get_models():
        table = model._meta.db_table
        if not issubclass(model, FieldHistory) or table not in here:
            continue
        for field, kind in pii.get(table, {}).items():
            if kind in (NAME, EMAIL, TEXT) and (rows := _rows(model, field, user_id, texts)):
                yield Matches(table, field, rows)


def _rows(
    model: type[models.Model], field: str, user_id: int | None, texts: Sequence[str]
) -> Sequence[tuple[int, dt.datetime]]:
    named = Q(pk__in=[])
    for text in texts:
        named |= Q(**{f"{field}__icontains": text})
    if user_id is not None and field in ACTOR_COLUMNS:
        named |= Q(history_user_id=user_id)
    if user_id is not None and field not in AUDIT_LOG and _is_of_users(model):
        named |= Q(id=user_id)
    has_text = ~Q(**{f"{field}__in": ["", ERASED]}) & Q(**{f"{field}__isnull": False})
    versions = model._base_manager.filter(named & has_text).order_by("history_id")
    return list(versions.values_list("history_id", "history_date"))


def _is_of_users(model: type[models.Model]) -> bool:
    return getattr(model, "instance_type", None) is get_user_model()
