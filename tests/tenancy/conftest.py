"""A platform with a tenant that has an entry."""

from __future__ import annotations

import pytest

from apps.kernel.tenant import activate


@pytest.fixture
def platform(books):
    """The test runs on the platform; acme has an entry."""
    with activate(None):
        yield books
