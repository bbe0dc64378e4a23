"""The clock. All code reads the time here, so that a test can move it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_moved_to: ContextVar[dt.datetime | None] = ContextVar("clock_moved_to", default=None)


def now() -> dt.datetime:
    """The instant, aware, in UTC."""
    return _moved_to.get() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The day in UTC. A business day is always passed explicitly."""
    return now().date()


@contextmanager
def moved_to(instant: dt.datetime) -> Iterator[None]:
    """Stops the clock at `instant` (aware) inside the block."""
    if instant.tzinfo is None:
        raise ValueError("The clock is moved to an aware instant only.")
    token = _moved_to.set(instant.astimezone(dt.UTC))
    try:
        yield
    finally:
        _moved_to.reset(token)
