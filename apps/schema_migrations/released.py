"""Bursar's migrations, and the digests of those that were released."""

from __future__ import annotations

import json
from pathlib import Path

from django.apps import apps
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from .digests import digest_of

RELEASED_FILE = Path(__file__).with_name("released.json")
"""{app: {name: digest}} of all released migrations. They never change again; the linter checks the later ones."""


def released() -> dict[tuple[str, str], str]:
    """The digests by app and name."""
    if not RELEASED_FILE.exists():
        return {}
    digests: dict[str, dict[str, str]] = json.loads(RELEASED_FILE.read_text())
    return {(app, name): digest for app, of_app in digests.items() for name, digest in of_app.items()}


def release() -> None:
    """List all existing migrations as released."""
    digests: dict[str, dict[str, str]] = {}
    for (app, name), migration in sorted(bursar_migrations().items()):
        digests.setdefault(app, {})[name] = digest_of(migration)
    RELEASED_FILE.write_text(json.dumps(digests, indent=1) + "\n")


def changed_since_release() -> list[Migration]:
    """An edit of a released migration would be missing in every database where it was applied before."""
    known = released()
    return [
        migration
        for key, migration in sorted(bursar_migrations().items())
        if key in known and known[key] != digest_of(migration)
    ]


def bursar_migrations() -> dict[tuple[str, str], Migration]:
    """The migrations of Bursar's apps, by app and name."""
    disk: dict[tuple[str, str], Migration] = MigrationLoader(None).disk_migrations
    return {key: migration for key, migration in disk.items() if is_bursar_migration(migration)}


def is_bursar_migration(migration: Migration) -> bool:
    """Migrations of a library are reviewed when the library is upgraded."""
    return apps.get_app_config(migration.app_label).name.startswith("apps.")
