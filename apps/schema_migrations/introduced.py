"""Models and fields that unreleased migrations create: the running version does not know them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import migrations as ops
from django.db.migrations.operations.base import Operation


@dataclass
class Introduced:
    models: set[tuple[str, str]] = field(default_factory=set)
    fields: set[tuple[str, str, str]] = field(default_factory=set)

    def has(self, app: str, model: str, name: str = "") -> bool:
        """Whether the model is new, or its field."""
        return (app, model.lower()) in self.models or (app, model.lower(), name) in self.fields

    def has_any(self, app: str, model: str, names: Iterable[str]) -> bool:
        """Whether the model is new, or one of the fields."""
        return any(self.has(app, model, name) for name in ("", *names))

    def add(self, operation: Operation, app: str) -> None:
        """Add what the operation creates, also under a new name."""
        match operation:
            case ops.CreateModel():
                self.models.add((app, operation.name_lower))
            case ops.AddField():
                self.fields.add((app, operation.model_name_lower, operation.name))
            case ops.RenameModel() if self.has(app, operation.old_name):
                self.models.add((app, operation.new_name_lower))
            case ops.RenameField() if self.has(app, operation.model_name, operation.old_name):
                self.fields.add((app, operation.model_name_lower, operation.new_name))
            case ops.SeparateDatabaseAndState():
                for state_operation in operation.state_operations:
                    self.add(state_operation, app)
