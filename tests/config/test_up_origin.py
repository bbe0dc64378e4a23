"""`make up` refuses development data that was made by another form of a migration."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.up import origin

PAGE = """from django.db import migrations


class Migration(migrations.Migration):
    operations = [migrations.RunSQL("SELECT 1")]
"""


@pytest.fixture
def migration(tmp_path: Path) -> Path:
    """Of an app, noted as applied to the data in `tmp_path`."""
    file = tmp_path / "apps" / "ledger" / "migrations" / "0001_initial.py"
    file.parent.mkdir(parents=True)
    file.write_text(PAGE)
    origin.note(tmp_path, tmp_path / "apps")
    return file


def edited(folder: Path) -> list[str]:
    return origin.edited_since(folder, folder / "apps")


def test_data_without_a_note_is_accepted(tmp_path):
    assert origin.edited_since(tmp_path) == []


def test_data_of_unchanged_migrations_is_accepted(tmp_path, migration):
    assert edited(tmp_path) == []


def test_a_migration_that_was_edited_since_is_named(tmp_path, migration):
    migration.write_text(PAGE.replace("SELECT 1", "SELECT 2"))

    assert edited(tmp_path) == ["ledger.0001_initial"]


def test_a_changed_docstring_is_accepted(tmp_path, migration):
    migration.write_text(f'"""Why."""\n{PAGE}')

    assert edited(tmp_path) == []


def test_migrations_that_were_added_or_removed_are_accepted(tmp_path, migration):
    migration.rename(migration.with_name("0002_later.py"))

    assert edited(tmp_path) == []


def test_every_migration_of_the_apps_is_noted(tmp_path):
    origin.note(tmp_path)

    assert "ledger.0002_invariants" in (tmp_path / "migrations.json").read_text()
