"""What the tests of tenancy have in common."""

from __future__ import annotations

import itertools
import sys

import pytest

from apps.kernel.tenant import activate
from tests.support.made_up import APP, MadeUp
from tests.webhooks.conftest import endpoint, hinted, receiver, tell

__all__ = ["endpoint", "hinted", "receiver", "tell"]
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
