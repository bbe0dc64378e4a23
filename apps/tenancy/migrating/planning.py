"""What a schema lacks, worked out once for all that have the same fingerprint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from .surveying import Schema


@dataclass(frozen=True, slots=True)
class Act:
    """An operation, and the states between which it works."""

    operation: Operation
    before: ProjectState
    after: ProjectState


@dataclass(frozen=True, slots=True)
class Step:
    """A migration, ready to be done again and again."""

    migration: Migration
    acts: tuple[Act, ...]

    @property
    def label(self) -> str:
        return label_of(self.migration)


class Plan:
    """The migrations that a schema lacks, in Django's order, and the squashed ones that count as done without
    anything being done. Made once; threads share it."""

    def __init__(self, representative: Schema) -> None:
        """Raises InconsistentMigrationHistory."""
        with representative.opened() as connection:
            self._executor = MigrationExecutor(connection)
            lacking = {each for each, _ in self._executor.migration_plan(self._targets)}
            in_order = (each for each, _ in self._executor.migration_plan(self._targets, clean_start=True))
            self.migrations = [each for each in in_order if each in lacking]
            if self.migrations:
                self._executor.loader.check_consistent_history(connection)
            self.taken_as_done = self._taken_as_done()

    def __bool__(self) -> bool:
        return bool(self.migrations or self.taken_as_done)

    @property
    def labels(self) -> list[str]:
        return [label_of(migration) for migration in self.migrations]

    def steps(self) -> list[Step]:
        """With states of the caller's own: some operations write into theirs while they work, so threads must not
        share them."""
        executor: Any = self._executor  # an inner method, of which the stubs know nothing
        state: ProjectState = executor._create_project_state(with_applied_migrations=True)
        state.apps  # noqa: B018 - Django draws all models at once here, and later only what changes
        return [
            Step(migration, tuple(_act(migration, operation, state) for operation in migration.operations))
            for migration in self.migrations
        ]

    def _taken_as_done(self) -> list[tuple[str, str]]:
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
    """What is recorded of it: of a squashed one, what it replaces."""
    return [(app, name) for app, name in migration.replaces] or [(migration.app_label, migration.name)]


def _act(migration: Migration, operation: Operation, state: ProjectState) -> Act:
    before = state.clone()
    operation.state_forwards(migration.app_label, state)
    if not operation.reduces_to_sql:
        _complete(before)
    return Act(operation, before, state.clone())


def _complete(state: ProjectState) -> None:
    """A function wants models that know all of each other; it would draw them anew in each schema."""
    state.clear_delayed_apps_cache()
    state.apps  # noqa: B018 - drawn when asked for
    state.is_delayed = False
