from collections.abc import Iterator

import pytest

from tests.crashes.failpoints import hang_up
from tests.ledger.conftest import chart

__all__ = ["chart"]


@pytest.fixture(autouse=True)
def _hung_up() -> Iterator[None]:
    yield
    hang_up()
