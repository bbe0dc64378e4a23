"""Where the versions of master data name a person: in what they keep, and in who made them."""

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
MAKER = ("actor_name", "history_change_reason")
"""Columns that say who made a version, and in his words why."""
AUDIT_LOG = (*MAKER, "real_actor_name")


@dataclass(frozen=True, slots=True)
class Naming:
    """One field of one kind of versions, and which of them name the person there: (history_id, history_date)."""

    table: str
    field: str
    rows: Sequence[tuple[int, dt.datetime]]

    @property
    def app(self) -> str:
        return self.table.partition("_")[0]

    @property
    def is_audit_log(self) -> bool:
        return self.field in AUDIT_LOG


def naming(user_id: int | None, texts: Sequence[str]) -> Iterator[Naming]:
    """In the tables that stand here: the platform has fewer of them than a tenant."""
    here, personal = set(connection.introspection.table_names()), pii_columns()
    for model in apps.get_models():
        table = model._meta.db_table
        if not issubclass(model, FieldHistory) or table not in here:
            continue
        for field, kind in personal.get(table, {}).items():
            if kind in (NAME, EMAIL, TEXT) and (rows := _rows(model, field, user_id, texts)):
                yield Naming(table, field, rows)


def _rows(
    model: type[models.Model], field: str, user_id: int | None, texts: Sequence[str]
) -> Sequence[tuple[int, dt.datetime]]:
    named = Q(pk__in=[])
    for text in texts:
        named |= Q(**{f"{field}__icontains": text})
    if user_id is not None and field in MAKER:
        named |= Q(history_user_id=user_id)
    if user_id is not None and field not in AUDIT_LOG and _is_of_users(model):
        named |= Q(id=user_id)
    has_text = ~Q(**{f"{field}__in": ["", ERASED]}) & Q(**{f"{field}__isnull": False})
    found = model._base_manager.filter(named & has_text).order_by("history_id")
    return list(found.values_list("history_id", "history_date"))


def _is_of_users(model: type[models.Model]) -> bool:
    return getattr(model, "instance_type", None) is get_user_model()
