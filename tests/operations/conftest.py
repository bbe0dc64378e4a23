from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from apps.events import deliveries
from apps.sagas.declaration import SAGAS, Saga
from apps.tenancy import hooks
from tests.support.failpoints import hang_up
from tests.support.unlimited_retries import UNLIMITED_BACKOFF, with_unlimited_retries


@pytest.fixture(autouse=True)
def _connections_closed() -> Iterator[None]:
    yield
    hang_up()


@pytest.fixture
def unlimited_retries(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Saga], None]]:
    """`unlimited_retries(SUSPENSION)`: allows as many lost workers in each step as there are statements."""
    originals = []
    monkeypatch.setattr(deliveries, "BACKOFF", UNLIMITED_BACKOFF)

    def allow(saga: Saga) -> None:
        originals.append(saga)
        with_unlimited_retries(saga)

    yield allow
    for saga in originals:
        SAGAS[saga.name] = saga


class Failing:
    """`failing("structure", LookupError("…"))`: the last contribution to this part fails, after all others succeeded;
    `failing.mend()` removes it."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], None]] = []

    def __call__(self, part: str, error: Exception, hook: hooks.Contributions[Any] = hooks.set_up) -> None:
        def fail(context: Any) -> Iterable[Any]:
            raise error

        before = list(hook._by_part[part])
        hook(part, order=99)(fail)
        self.undo.append(lambda: hook._by_part.__setitem__(part, before))

    def mend(self) -> None:
        while self.undo:
            self.undo.pop()()


@pytest.fixture
def failing() -> Iterator[Failing]:
    failing = Failing()
    yield failing
    failing.mend()
