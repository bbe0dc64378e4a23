"""Digests of the migrations behind the development data.

Unreleased migrations may be edited, but an applied migration is not applied again. Data of its old form would fail
later, at the first statement that expects the new form.
"""

from __future__ import annotations

import json
from pathlib import Path

from apps.schema_migrations.digests import digest_of_file

APPS = Path(__file__).resolve().parents[2] / "apps"
NAME = "migrations.json"


def note(folder: Path, apps: Path = APPS) -> None:
    """Records the current migrations as those of the data in `folder`."""
    (folder / NAME).write_text(json.dumps(_digests(apps), indent=1))


def edited_since(folder: Path, apps: Path = APPS) -> list[str]:
    """Labels of migrations that have changed since the data in `folder` was created."""
    file = folder / NAME
    before: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    now = _digests(apps)
    return sorted(label for label in before.keys() & now.keys() if before[label] != now[label])


def _digests(apps: Path) -> dict[str, str]:
    return {
        f"{path.parent.parent.name}.{path.stem}": digest_of_file(path)
        for path in sorted(apps.glob("*/migrations/[0-9]*.py"))
    }
