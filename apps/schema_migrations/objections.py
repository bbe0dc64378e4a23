"""What the running version objects to in an operation: one rule per kind of operation. Pure functions.

A rule gets the operation, and the facts about it; it yields the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db import migrations as ops
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field

from .compatibility import fields_of, needs_a_value, of_alteration, of_sql
from .introduced import Introduced

IN_USE = "the running version still uses that {}."


@dataclass(frozen=True, slots=True)
class Case:
    """An operation of an app, with the state of the models before it, and what unreleased migrations introduced."""

    operation: Any
    app: str
    before: ProjectState
    introduced: Introduced

    def is_new(self, model: str, name: str = "") -> bool:
        return self.introduced.has(self.app, model, name)

    def are_new(self, model: str, names: list[str]) -> bool:
        return self.introduced.has_any(self.app, model, names)

    def field_before(self) -> Field[Any, Any]:
        known: Field[Any, Any] = self.before.models[self.app, self.operation.model_name_lower].get_field(
            self.operation.name
        )
        return known


Rule = Callable[[Case], Iterator[str]]


def objections(case: Case) -> Iterator[str]:
    """The reasons against an operation, each with the operation's description."""
    if isinstance(case.operation, ops.SeparateDatabaseAndState):
        for operation in case.operation.database_operations:
            yield from objections(replace(case, operation=operation))
    if isinstance(case.operation, ops.RunSQL):
        yield from of_sql(case.operation)
    for kind, rule in RULES:
        if isinstance(case.operation, kind):
            yield from (f"{case.operation.describe()}: {why}" for why in rule(case))


def _removes_a_table(case: Case) -> Iterator[str]:
    if not case.is_new(_old_name(case.operation)):
        yield IN_USE.format("table")


def _removes_a_column(case: Case) -> Iterator[str]:
    if not case.is_new(case.operation.model_name, _old_name(case.operation)):
        yield IN_USE.format("column")


def _adds_a_column(case: Case) -> Iterator[str]:
    if needs_a_value(case.operation.field) and not case.is_new(case.operation.model_name):
        yield "the running version does not write it. Let it be null, or give it a db_default."


def _alters_a_column(case: Case) -> Iterator[str]:
    if not case.is_new(case.operation.model_name, case.operation.name):
        yield from of_alteration(case.field_before(), case.operation.field)


def _adds_a_constraint(case: Case) -> Iterator[str]:
    if not case.are_new(case.operation.model_name, fields_of(case.operation.constraint)):
        yield "the running version may write rows that violate it."


def _makes_fields_unique(case: Case) -> Iterator[str]:
    options = case.before.models[case.app, case.operation.name_lower].options
    known = set(map(tuple, options.get("unique_together", ())))
    for names in set(map(tuple, case.operation.option_value or ())) - known:
        if not case.are_new(case.operation.name, list(names)):
            yield f"the running version may write {', '.join(names)} twice."


RULES: tuple[tuple[tuple[type[Operation], ...], Rule], ...] = (
    ((ops.DeleteModel, ops.RenameModel, ops.AlterModelTable), _removes_a_table),
    ((ops.RemoveField, ops.RenameField), _removes_a_column),
    ((ops.AddField,), _adds_a_column),
    ((ops.AlterField,), _alters_a_column),
    ((ops.AddConstraint,), _adds_a_constraint),
    ((ops.AlterUniqueTogether,), _makes_fields_unique),
)


def _old_name(operation: Any) -> str:
    """The name of the model or field that the running version knows."""
    return str(getattr(operation, "old_name", None) or operation.name)
