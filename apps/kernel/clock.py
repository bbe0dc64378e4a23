"""The one clock. Everything that asks for the time asks here, so that a test can move all of it."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_moved_to: ContextVar[dt.datetime | None] = ContextVar("clock_moved_to", default=None)


def now() -> dt.datetime:
    """The instant, aware, in UTC."""
    return _moved_to.get() or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The day in UTC; a business day is always given explicitly by who asks."""
    return now().date()


@contextmanager
def moved_to(instant: dt.datetime) -> Iterator[None]:
    """Let the clock stand at `instant` (aware) inside the block."""
    if instant.tzinfo is None:
        raise ValueError("The clock is moved to an aware instant only.")
    token = _moved_to.set(instant.astimezone(dt.UTC))
    try:
        yield
    finally:
        _moved_to.reset(token)
