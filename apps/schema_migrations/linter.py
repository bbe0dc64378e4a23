"""Finds migrations that the version that is still running would not survive.

During a rollout the old version runs on the new schema, and during the migration of tenants on both. So a release only
adds; it removes only what no running version reads any more, in a migration that declares it:

    contracts = "1.4: journal.colour is not read since 1.3"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from .introduced import Introduced
from .objections import Case, objections
from .planning import label_of, rows_of
from .released import changed_since_release, is_bursar_migration, released

_DECLARED = re.compile(r"\S+: .{10,}")


@dataclass(frozen=True, slots=True)
class Fault:
    """A change that the running version would not survive, and the alternative."""

    migration: str
    why: str


def lint() -> tuple[list[Migration], list[Fault]]:
    """Bursar's unreleased migrations, and their faults."""
    loader = MigrationLoader(None)
    known, introduced = set(released()), Introduced()
    state = ProjectState(real_apps=loader.unmigrated_apps)
    new: list[Migration] = []
    faults = [
        Fault(label_of(migration), "it was changed after its release. Revert it, and write a new migration.")
        for migration in changed_since_release()
    ]
    for migration in _in_order(loader):
        if not is_bursar_migration(migration) or known.issuperset(rows_of(migration)):
            migration.mutate_state(state, preserve=False)
            continue
        new.append(migration)
        faults += [Fault(label_of(migration), why) for why in _faults(migration, state, introduced)]
    return new, faults


def _faults(migration: Migration, state: ProjectState, introduced: Introduced) -> Iterator[str]:
    """Also advances the state past the migration."""
    declared = getattr(migration, "contracts", None)
    if declared is not None and not _DECLARED.fullmatch(str(declared)):
        yield "`contracts` names the release and the reason: '1.4: not read since 1.3'."
    for operation in migration.operations:
        if not declared:
            yield from objections(Case(operation, migration.app_label, state, introduced))
        introduced.add(operation, migration.app_label)
        operation.state_forwards(migration.app_label, state)


def _in_order(loader: MigrationLoader) -> list[Migration]:
    """In the order in which an empty database gets them."""
    keys = [key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf)]
    return [loader.graph.nodes[key] for key in dict.fromkeys(keys)]
