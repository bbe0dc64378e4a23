"""Every test here begins with two tenants that have data (tests/support/two_at_work.py)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.kernel.tenant import TenantInfo
from tests.support.two_at_work import everything_of


@pytest.fixture(scope="session")
def template(two_at_work: str) -> str:
    return two_at_work


@pytest.fixture
def untouched(at_work: None, globex: TenantInfo) -> Iterator[None]:
    """Asserts at the end that all data of globex is unchanged."""
    before = everything_of(globex)
    yield
    after = everything_of(globex)
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == set()
