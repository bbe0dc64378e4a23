"""How far a long work is. The work says it, whoever started the work shows it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
Show = Callable[[int, int], None]
"""Takes (done, total)."""

_show: ContextVar[Show | None] = ContextVar("progress", default=None)


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Inside the block, `show` hears of every step of `steps()`."""
    token = _show.set(show)
    try:
        yield
    finally:
        _show.reset(token)


def steps(items: Iterable[T], total: int) -> Iterator[T]:
    """Go through `items`, telling after each how many of `total` are done."""
    for done, item in enumerate(items, start=1):
        yield item
        if show := _show.get():
            show(done, total)
