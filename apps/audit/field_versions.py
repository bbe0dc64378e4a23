"""Versions of a row of master data, with the fields that each version changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.db import models
from simple_history.utils import get_history_manager_for_model

from apps.kernel.notation import is_whole_number
from apps.kernel.observability.request_trace import has_table_here

from .errors import FieldHistoryUnavailable
from .values import shown

MAX_VERSIONS = 200


@dataclass(frozen=True, slots=True)
class Value:
    """A value as text. `subject_type` and `subject_id` identify the row that it refers to, if that has a history."""

    text: str
    subject_type: str = ""
    subject_id: str = ""


Values = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A changed field. Of a relation to many rows, `before` lists the removed rows and `after` the added ones."""

    field: str
    before: Values
    after: Values


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `kind` is "created", "changed" or "deleted"; the reason is that of the command."""

    kind: str
    at: dt.datetime
    actor_name: str
    impersonator_name: str
    reason: str
    correlation_id: str
    changes: Sequence[FieldChange]


def has_field_history(model: type[models.Model]) -> bool:
    return hasattr(model._meta, "simple_history_manager_attribute")


def versions_of_object(subject_type: str, subject_id: str) -> list[Version]:
    """The newest versions of `sales.customer`, `17`, newest first. Raises FieldHistoryUnavailable for an
    unknown type, a type without history, and an object without versions."""
    model = _model(subject_type)
    rows = _rows(model, subject_id)
    if not rows:
        raise FieldHistoryUnavailable(subject=f"{subject_type} {subject_id}")
    snapshots = _snapshots(rows)
    pairs = zip(rows, [*rows[1:], None], strict=True)
    return [_version(row, snapshots, previous) for row, previous in pairs][:MAX_VERSIONS]


def _rows(model: type[models.Model], subject_id: str) -> list[Any]:
    """One more than MAX_VERSIONS, with which the oldest of those is compared."""
    if not is_whole_number(subject_id):
        return []
    history = get_history_manager_for_model(model).filter(id=int(subject_id))
    return list(history.order_by("-history_id")[: MAX_VERSIONS + 1])


def _model(subject_type: str) -> type[models.Model]:
    try:
        model = apps.get_model(subject_type)
    except (LookupError, ValueError) as unknown:
        raise FieldHistoryUnavailable(subject=subject_type) from unknown
    if not (has_field_history(model) and has_table_here(get_history_manager_for_model(model).model)):
        raise FieldHistoryUnavailable(subject=subject_type)
    return model


Snapshot = Mapping[str, frozenset[Value]]
"""The values by the label of their field."""
KINDS = {"+": "created", "~": "changed", "-": "deleted"}


def _version(row: Any, snapshots: Mapping[int, Snapshot], previous: Any) -> Version:
    before = snapshots[previous.history_id] if previous else {}
    return Version(
        kind=KINDS[row.history_type],
        at=row.history_date,
        actor_name=row.actor_name,
        impersonator_name=row.impersonator_name,
        reason=row.history_change_reason or "",
        correlation_id=row.correlation_id,
        changes=[*_changes(before, snapshots[row.history_id])],
    )


def _changes(before: Snapshot, after: Snapshot) -> Iterator[FieldChange]:
    for field, values in after.items():
        earlier = before.get(field, frozenset())
        if values != earlier:
            yield FieldChange(field, _sorted(earlier - values), _sorted(values - earlier))


def _sorted(values: frozenset[Value]) -> Values:
    return tuple(sorted(values, key=lambda value: value.text))


def _snapshots(rows: Sequence[Any]) -> Mapping[int, Snapshot]:
    """The values of each version, by its `history_id`."""
    snapshots: dict[int, dict[str, frozenset[Value]]] = {row.history_id: {} for row in rows}
    for field in rows[0].tracked_fields:
        related = (
            _related(field.related_model, {getattr(row, field.attname) for row in rows})
            if field.is_relation
            else {}
        )
        for row in rows:
            snapshots[row.history_id][_label(field)] = _value(field, row, related)
    for field in rows[0]._history_m2m_fields:
        for history_id, values in _related_values(field, snapshots).items():
            snapshots[history_id][_label(field)] = values
    return snapshots


def _label(field: models.Field[Any, Any]) -> str:
    return str(field.verbose_name).capitalize()


def _value(field: models.Field[Any, Any], row: Any, related: Mapping[Any, Value]) -> frozenset[Value]:
    value = getattr(row, field.attname)
    if value in (None, "") or field.primary_key:
        return frozenset()
    if field.is_relation:
        return frozenset({related.get(value) or Value(f"{field.verbose_name} {value}")})
    return frozenset({Value(_text(field, value))})


def _text(field: models.Field[Any, Any], value: Any) -> str:
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return shown(value)


def _related_values(
    field: models.ManyToManyField[Any, Any], history_ids: Mapping[int, Any]
) -> dict[int, frozenset[Value]]:
    """The rows to which each version refers."""
    through = next(
        model
        for model in apps.get_models()
        if getattr(model, "instance_type", None) is field.remote_field.through
    )
    name = f"{field.m2m_reverse_field_name()}_id"
    pairs = list(through._base_manager.filter(history_id__in=history_ids).values_list("history_id", name))
    related = _related(field.related_model, {related_id for _, related_id in pairs})
    values: dict[int, set[Value]] = {history_id: set() for history_id in history_ids}
    for history_id, related_id in pairs:
        values[history_id].add(related.get(related_id) or Value(f"{field.verbose_name} {related_id}"))
    return {history_id: frozenset(of_version) for history_id, of_version in values.items()}


def _related(model: Any, ids: set[Any]) -> dict[Any, Value]:
    """The rows as they are now, by id; one that is gone is missing."""
    rows = model._base_manager.in_bulk([related_id for related_id in ids if related_id is not None])
    if model is Permission:
        return {pk: Value(str(permission.name)) for pk, permission in rows.items()}
    if not has_field_history(model):
        return {pk: Value(str(row)) for pk, row in rows.items()}
    return {pk: Value(str(row), model._meta.label_lower, str(pk)) for pk, row in rows.items()}
