from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from apps.events import deliveries
from apps.sagas import SAGAS, Saga
from apps.tenancy import hooks
from tests.support.failpoints import hang_up
from tests.support.patience import EVER, patient


@pytest.fixture(autouse=True)
def _hung_up() -> Iterator[None]:
    yield
    hang_up()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Saga], None]]:
    """`patience(SUSPENSION)`: a worker may be lost in each of its steps as often as there are statements."""
    were = []
    monkeypatch.setattr(deliveries, "MAX_ATTEMPTS", EVER)

    def have(saga: Saga) -> None:
        were.append(saga)
        patient(saga)

    yield have
    for saga in were:
        SAGAS[saga.name] = saga


class Failing:
    """`failing("structure", LookupError("…"))`: the last app in this part of an onboarding fails, after all others did
    theirs; `failing.mend()`: it does no more."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], None]] = []

    def __call__(self, part: str, error: Exception, of: hooks.Contributions[Any] = hooks.set_up) -> None:
        def fail(what: Any) -> Iterable[Any]:
            raise error

        before = list(of._by_part[part])
        of(part, order=99)(fail)
        self.undo.append(lambda: of._by_part.__setitem__(part, before))

    def mend(self) -> None:
        while self.undo:
            self.undo.pop()()


@pytest.fixture
def failing() -> Iterator[Failing]:
    failing = Failing()
    yield failing
    failing.mend()
