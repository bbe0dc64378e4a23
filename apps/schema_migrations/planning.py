"""The migrations that a schema lacks, computed once for all schemas with the same fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from .discovery import Schema


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """An operation, with the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


@dataclass(frozen=True, slots=True)
class Step:
    """A migration, ready to be applied to many schemas."""

    migration: Migration
    operations: tuple[PlannedOperation, ...]

    @property
    def label(self) -> str:
        return label_of(self.migration)


class Plan:
    """The migrations that a schema lacks, in Django's order, and squashed ones that are only recorded. Immutable:
    threads share it."""

    def __init__(self, representative: Schema) -> None:
        """Raises InconsistentMigrationHistory."""
        with representative.opened() as connection:
            self._executor = MigrationExecutor(connection)
            lacking = {migration for migration, _ in self._executor.migration_plan(self._targets)}
            in_order = (
                migration for migration, _ in self._executor.migration_plan(self._targets, clean_start=True)
            )
            self.migrations = [migration for migration in in_order if migration in lacking]
            if self.migrations:
                self._executor.loader.check_consistent_history(connection)
            self.recorded_only = self._recorded_only()

    def __bool__(self) -> bool:
        return bool(self.migrations or self.recorded_only)

    @property
    def labels(self) -> list[str]:
        return [label_of(migration) for migration in self.migrations]

    def steps(self) -> list[Step]:
        """A new copy of the states for each caller: some operations modify them, so threads must not share them."""
        executor: Any = self._executor  # a private method, missing in the stubs
        state: ProjectState = executor._create_project_state(with_applied_migrations=True)
        state.apps  # noqa: B018 - Django renders all models here, and later only the changed ones
        return [
            Step(
                migration, tuple(_planned(migration, operation, state) for operation in migration.operations)
            )
            for migration in self.migrations
        ]

    def _recorded_only(self) -> list[tuple[str, str]]:
        """Squashed migrations of which every replaced one will have been applied, and that are not recorded."""
        replacements = self._executor.loader.replacements
        if not replacements:
            return []
        recorded = set(self._executor.recorder.applied_migrations())
        recorded.update(row for migration in self.migrations for row in rows_of(migration))
        return [
            key
            for key, squashed in sorted(replacements.items())
            if key not in recorded and recorded.issuperset(squashed.replaces)
        ]

    @property
    def _targets(self) -> Any:
        return self._executor.loader.graph.leaf_nodes()


def label_of(migration: Migration) -> str:
    return f"{migration.app_label}.{migration.name}"


def rows_of(migration: Migration) -> list[tuple[str, str]]:
    """The keys under which it is recorded: for a squashed migration, those that it replaces."""
    return [(app, name) for app, name in migration.replaces] or [(migration.app_label, migration.name)]


def _planned(migration: Migration, operation: Operation, state: ProjectState) -> PlannedOperation:
    before = state.clone()
    operation.state_forwards(migration.app_label, state)
    if not operation.reduces_to_sql:
        _render(before)
    return PlannedOperation(operation, before, state.clone())


def _render(state: ProjectState) -> None:
    """Render all models now; RunPython would otherwise render them again in each schema."""
    state.clear_delayed_apps_cache()
    state.apps  # noqa: B018 - rendered on access
    state.is_delayed = False
