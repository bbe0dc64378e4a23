"""By which migrations the development data was made.

Unreleased migrations may be edited. What is recorded as applied is not applied again, so data that was made by the old
form would break later, at the first statement that expects the new one.
"""

from __future__ import annotations

import json
from pathlib import Path

from apps.tenancy.migrating.contents import digest_of_file

APPS = Path(__file__).resolve().parents[2] / "apps"
NAME = "migrations.json"


def note(folder: Path, apps: Path = APPS) -> None:
    """The data in `folder` has these migrations from now on."""
    (folder / NAME).write_text(json.dumps(_digests(apps), indent=1))


def edited_since(folder: Path, apps: Path = APPS) -> list[str]:
    """Labels of migrations that were applied to the data in `folder` and have other contents now."""
    file = folder / NAME
    before: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    now = _digests(apps)
    return sorted(label for label in before.keys() & now.keys() if before[label] != now[label])


def _digests(apps: Path) -> dict[str, str]:
    return {
        f"{path.parent.parent.name}.{path.stem}": digest_of_file(path)
        for path in sorted(apps.glob("*/migrations/[0-9]*.py"))
    }
