from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from apps.tenancy import hooks
from tests.crashes.failpoints import hang_up


@pytest.fixture(autouse=True)
def _hung_up() -> Iterator[None]:
    yield
    hang_up()


class Failing:
    """`failing("structure", LookupError("…"))`: the last app in this part of an onboarding fails, after all others did
    theirs; `failing.mend()`: it does no more."""

    def __init__(self) -> None:
        self.undo: list[Callable[[], None]] = []

    def __call__(self, part: str, error: Exception, of: hooks.Contributions[Any] = hooks.set_up) -> None:
        def fail(what: Any) -> Iterable[Any]:
            raise error

        before = list(of._of[part])
        of(part, order=99)(fail)
        self.undo.append(lambda: of._of.__setitem__(part, before))

    def mend(self) -> None:
        while self.undo:
            self.undo.pop()()


@pytest.fixture
def failing() -> Iterator[Failing]:
    failing = Failing()
    yield failing
    failing.mend()
