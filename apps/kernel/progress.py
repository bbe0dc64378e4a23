"""Progress of long-running work and its stages: reported by the work, displayed by its caller."""

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
    """Inside the block, `show` is called for every step of `steps()`, and `begin` for every stage, in addition to the
    callbacks of outer blocks."""
    shown, begun = _show.set((*_show.get(), show)), _begin.set((*_begin.get(), *([begin] if begin else [])))
    try:
        yield
    finally:
        _show.reset(shown)
        _begin.reset(begun)


@contextmanager
def stages(*names: str) -> Iterator[None]:
    """Inside the block the work has these stages, of equal weight. `stage(name)` begins one, and steps belong to it."""
    token = _stages.set(_Stages(names))
    try:
        yield
    finally:
        _stages.reset(token)


def stage(name: str) -> None:
    """Begins a stage. Does nothing outside `stages()` or for an unknown name."""
    work = _stages.get()
    if work is None or name not in work.names:
        return
    work.at = work.names.index(name)
    for begin in _begin.get():
        begin(name)
    _report(0, 1)


def steps(items: Iterable[T], total: int) -> Iterator[T]:
    """Yields `items`, and reports after each how many of `total` are done."""
    for done, item in enumerate(items, start=1):
        yield item
        _report(done, total)


def _report(done: int, total: int) -> None:
    if work := _stages.get():
        done, total = work.at * total + done, len(work.names) * total
    for show in _show.get():
        show(done, total)
