"""How far a long work is, and at which of its stages. The work says it, whoever started the work shows it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
Show = Callable[[int, int], None]
"""Takes (done, total)."""
Begin = Callable[[str], None]
"""Takes the name of the stage that begins."""


@dataclass
class _Stages:
    names: tuple[str, ...]
    at: int = 0


_show: ContextVar[tuple[Show, ...]] = ContextVar("progress", default=())
_begin: ContextVar[tuple[Begin, ...]] = ContextVar("begin", default=())
_stages: ContextVar[_Stages | None] = ContextVar("stages", default=None)


@contextmanager
def shown_by(show: Show, begin: Begin | None = None) -> Iterator[None]:
    """Inside the block, `show` hears of every step of `steps()`, and `begin` of every stage. So does whoever has begun
    to show it further out."""
    shown, begun = _show.set((*_show.get(), show)), _begin.set((*_begin.get(), *([begin] if begin else [])))
    try:
        yield
    finally:
        _show.reset(shown)
        _begin.reset(begun)


@contextmanager
def stages(*names: str) -> Iterator[None]:
    """Inside the block the work has these parts, one after the other and each as long as the next: `stage(name)` says
    which one begins, and steps are steps of that one."""
    token = _stages.set(_Stages(names))
    try:
        yield
    finally:
        _stages.reset(token)


def stage(name: str) -> None:
    """From here on the work is at this one of its stages. Says nothing where it has no such stage."""
    work = _stages.get()
    if work is None or name not in work.names:
        return
    work.at = work.names.index(name)
    for begin in _begin.get():
        begin(name)
    _tell(0, 1)


def steps(items: Iterable[T], total: int) -> Iterator[T]:
    """Go through `items`, telling after each how many of `total` are done."""
    for done, item in enumerate(items, start=1):
        yield item
        _tell(done, total)


def _tell(done: int, total: int) -> None:
    if work := _stages.get():
        done, total = work.at * total + done, len(work.names) * total
    for show in _show.get():
        show(done, total)
