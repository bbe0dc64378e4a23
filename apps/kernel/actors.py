"""Who acts. A user of identity is an actor; so is the platform itself when no person is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol


class Actor(Protocol):
    """Whoever a command is dispatched for."""

    @property
    def pk(self) -> int | None: ...

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class System:
    """The platform acting by itself or for a person at its shell: `System("onboard command")`."""

    name: str

    @property
    def pk(self) -> int | None:
        return None

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True

    def __str__(self) -> str:
        return self.name


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


def acting() -> Actor | None:
    """The actor of the command that is being handled."""
    return _acting.get()


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)
