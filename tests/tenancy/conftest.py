"""The platform's view of a tenant with an entry, and migrations that a test makes up."""

from __future__ import annotations

import itertools
import sys

import pytest

from apps.kernel.tenant import activate
from tests.support.made_up import APP, MadeUp

_numbers = itertools.count(1)


@pytest.fixture
def platform(books):
    """The test happens at the platform; acme has an entry."""
    with activate(None):
        yield books


@pytest.fixture
def made_up(tmp_path, monkeypatch, settings):
    made = MadeUp(tmp_path, f"made_up_{next(_numbers)}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    settings.MIGRATION_MODULES = {APP: made.package}
    yield made
    made.forget()
