"""Finds migrations that the version that is still running would not survive.

During a rollout the old version runs on the new schema, and during the migration of tenants on both. So a release only
adds; it removes only what no running version reads any more, in a migration that declares it:

    contracts = "1.4: journal.colour is not read since 1.3"
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import migrations as ops
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from .compatibility import fields_of, needs_a_value, of_alteration, of_sql
from .digests import digest_of
from .planning import label_of, rows_of

RELEASED_FILE = Path(__file__).with_name("released.json")
"""{app: {name: digest}} of all released migrations. They never change again; the linter checks the later ones."""

_DECLARED = re.compile(r"\S+: .{10,}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A change that the running version would not survive, and the alternative."""

    migration: str
    why: str


@dataclass
class Linter:
    """Checks new migrations in order. Models and fields that they create are unknown to the running version."""

    models: set[tuple[str, str]] = field(default_factory=set)
    fields: set[tuple[str, str, str]] = field(default_factory=set)

    def faults(self, migration: Migration, before: ProjectState) -> Iterator[Fault]:
        """Also advances the state past the migration."""
        declared = getattr(migration, "contracts", None)
        label, state = label_of(migration), before
        if declared is not None and not _DECLARED.fullmatch(str(declared)):
            yield Fault(label, "`contracts` names the release and the reason: '1.4: not read since 1.3'.")
        for operation in migration.operations:
            if not declared:
                for why in self.objections(operation, migration.app_label, state):
                    yield Fault(label, why)
            self._learn(operation, migration.app_label)
            operation.state_forwards(migration.app_label, state)

    def objections(self, operation: Operation, app: str, before: ProjectState) -> Iterator[str]:
        match operation:
            case ops.SeparateDatabaseAndState():
                for database_operation in operation.database_operations:
                    yield from self.objections(database_operation, app, before)
            case ops.RunSQL():
                yield from of_sql(operation)
            case ops.DeleteModel() | ops.RenameModel() | ops.AlterModelTable():
                if not self._is_new(app, _model_of(operation)):
                    yield f"{operation.describe()}: the running version still uses that table."
            case ops.RemoveField() | ops.RenameField():
                if not self._is_new(app, operation.model_name, _field_of(operation)):
                    yield f"{operation.describe()}: the running version still uses that column."
            case ops.AddField():
                if not self._is_new(app, operation.model_name) and needs_a_value(operation.field):
                    why = "the running version does not write it. Let it be null, or give it a db_default."
                    yield f"{operation.describe()}: {why}"
            case ops.AlterField():
                if not self._is_new(app, operation.model_name, operation.name):
                    known = before.models[app, operation.model_name_lower].get_field(operation.name)
                    yield from (
                        f"{operation.describe()}: {why}" for why in of_alteration(known, operation.field)
                    )
            case ops.AddConstraint():
                if not self._concerns_new_fields(app, operation.model_name, fields_of(operation.constraint)):
                    yield f"{operation.describe()}: the running version may write rows that violate it."
            case ops.AlterUniqueTogether():
                known = before.models[app, operation.name_lower].options.get("unique_together", set())
                for pair in (operation.option_value or set()) - set(map(tuple, known)):
                    if not self._concerns_new_fields(app, operation.name, pair):
                        yield f"{operation.describe()}: the running version may write {', '.join(pair)} twice."

    def _learn(self, operation: Operation, app: str) -> None:
        match operation:
            case ops.CreateModel():
                self.models.add((app, operation.name_lower))
            case ops.AddField():
                self.fields.add((app, operation.model_name_lower, operation.name))
            case ops.RenameModel() if self._is_new(app, operation.old_name):
                self.models.add((app, operation.new_name_lower))
            case ops.RenameField() if self._is_new(app, operation.model_name, operation.old_name):
                self.fields.add((app, operation.model_name_lower, operation.new_name))
            case ops.SeparateDatabaseAndState():
                for state_operation in operation.state_operations:
                    self._learn(state_operation, app)

    def _is_new(self, app: str, model: str, name: str = "") -> bool:
        return (app, model.lower()) in self.models or (app, model.lower(), name) in self.fields

    def _concerns_new_fields(self, app: str, model: str, names: Sequence[str]) -> bool:
        return any(self._is_new(app, model, name) for name in names or [""])


def lint() -> tuple[list[Migration], list[Fault]]:
    """Bursar's unreleased migrations, and their faults."""
    loader = MigrationLoader(None)
    known, linter = set(released()), Linter()
    state = ProjectState(real_apps=loader.unmigrated_apps)
    new: list[Migration] = []
    faults: list[Fault] = changed_since_release()
    for migration in _in_order(loader):
        if is_bursar_migration(migration) and not known.issuperset(rows_of(migration)):
            new.append(migration)
            faults += linter.faults(migration, state)
        else:
            migration.mutate_state(state, preserve=False)
    return new, faults


def changed_since_release() -> list[Fault]:
    """An edit of a released migration would be missing in every database where it was applied before."""
    known = released()
    return [
        Fault(
            label_of(migration),
            "it was changed after its release. Revert it, and write a new migration.",
        )
        for key, migration in sorted(bursar_migrations().items())
        if key in known and known[key] != digest_of(migration)
    ]


def released() -> dict[tuple[str, str], str]:
    """The digests by app and name."""
    digests: dict[str, dict[str, str]] = (
        json.loads(RELEASED_FILE.read_text()) if RELEASED_FILE.exists() else {}
    )
    return {(app, name): digest for app, of_app in digests.items() for name, digest in of_app.items()}


def release() -> None:
    """List all existing migrations as released."""
    digests: dict[str, dict[str, str]] = {}
    for (app, name), migration in sorted(bursar_migrations().items()):
        digests.setdefault(app, {})[name] = digest_of(migration)
    RELEASED_FILE.write_text(json.dumps(digests, indent=1) + "\n")


def bursar_migrations() -> dict[tuple[str, str], Migration]:
    """The migrations of Bursar's apps, by app and name."""
    disk: dict[tuple[str, str], Migration] = MigrationLoader(None).disk_migrations
    return {key: migration for key, migration in disk.items() if is_bursar_migration(migration)}


def is_bursar_migration(migration: Migration) -> bool:
    """Migrations of a library are reviewed when the library is upgraded."""
    return apps.get_app_config(migration.app_label).name.startswith("apps.")


def _in_order(loader: MigrationLoader) -> list[Migration]:
    """In the order in which an empty database gets them."""
    keys = [key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)]
    return [loader.graph.nodes[key] for key in dict.fromkeys(keys)]


def _model_of(operation: Any) -> str:
    return str(operation.old_name if isinstance(operation, ops.RenameModel) else operation.name)


def _field_of(operation: Any) -> str:
    return str(operation.old_name if isinstance(operation, ops.RenameField) else operation.name)
