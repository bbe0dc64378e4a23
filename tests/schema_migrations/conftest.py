"""Temporary migrations."""

from __future__ import annotations

import itertools
import sys

import pytest

from tests.support.temporary_migrations import APP, TemporaryMigrations

_numbers = itertools.count(1)


@pytest.fixture
def make_migration(tmp_path, monkeypatch, settings):
    made = TemporaryMigrations(tmp_path, f"temporary_migrations_{next(_numbers)}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    settings.MIGRATION_MODULES = {APP: made.package}
    yield made
    made.forget()
