"""Whether a database was made by the migrations of this version."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connections
from django.db.migrations import Migration
from django.db.migrations.recorder import MigrationRecorder

from apps.kernel.db import databases
from apps.kernel.listing import listed
from apps.kernel.tenant import activate, at_database

from .errors import MadeByOtherMigrations
from .planning import rows_of
from .released import bursar_migrations

Key = tuple[str, str]
"""A migration as (app, name)."""
Keys = set[Key]
MAX_LABELS_LISTED = 3


def must_continue() -> None:
    """Check each database before anything is changed. Raises MadeByOtherMigrations.

    A database of a later version has unknown migrations and lacks none, so an earlier version may run. A database that
    also lacks migrations of the same app was made by a chain that was rewritten since.
    """
    for key in databases.having("owner"):
        with at_database(key), activate(None):
            recorded = set(MigrationRecorder(connections["owner"]).applied_migrations())
        unknown, missing = _differences(recorded)
        if unknown and missing:
            raise MadeByOtherMigrations(
                database=key,
                unknown=listed(sorted(unknown), MAX_LABELS_LISTED),
                missing=listed(sorted(missing), MAX_LABELS_LISTED),
            )


def _differences(recorded: Keys) -> tuple[set[str], set[str]]:
    """Unknown and missing migrations of the database, for the apps that have both."""
    known = bursar_migrations()
    unknown, missing = _unknown(recorded, known), _missing(recorded, known)
    both = _apps_of(unknown) & _apps_of(missing)
    return _labels(unknown, both), _labels(missing, both)


def _unknown(recorded: Keys, known: Mapping[Key, Migration]) -> Keys:
    """Recorded migrations that neither exist nor were squashed, of the apps of this version."""
    squashed = {row for migration in known.values() for row in rows_of(migration)}
    apps = _apps_of(set(known))
    return {key for key in recorded - set(known) - squashed if key[0] in apps}


def _missing(recorded: Keys, known: Mapping[Key, Migration]) -> Keys:
    return {
        key
        for key, migration in known.items()
        if key not in recorded and not recorded.issuperset(rows_of(migration))
    }


def _apps_of(keys: Keys) -> set[str]:
    return {app for app, _ in keys}


def _labels(keys: Keys, apps: set[str]) -> set[str]:
    return {f"{app}.{name}" for app, name in keys if app in apps}
