"""Actors: users, and the platform itself where no person acts.

An operator of the platform may impersonate a tenant's user. Then records and log lines name both. A command that other
people approved names them as well.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol


class Actor(Protocol):
    """The user or system for which a command is dispatched."""

    @property
    def pk(self) -> int | None: ...

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...

    def __str__(self) -> str: ...


@dataclass(frozen=True)
class System:
    """The platform acting by itself, or a management command: `System("The command line")`."""

    name: str

    @property
    def pk(self) -> int | None:
        return None

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return True

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Steward(System):
    """The platform in a saga of its own. It may change tenants that are closed or not open yet."""

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


@dataclass(frozen=True, slots=True)
class Support:
    """The platform operator behind an impersonated user, with the number of the support session."""

    operator: str
    session_number: int

    def __str__(self) -> str:
        return f"{self.operator} (support session {self.session_number})"


_behind: ContextVar[Support | None] = ContextVar("behind", default=None)


def impersonator() -> Support | None:
    """The operator that impersonates the actor, if any."""
    return _behind.get()


def actor_label(actor: object) -> str:
    """The actor in a sentence, preceded by the impersonator and followed by the approvers."""
    behind = impersonator()
    label = f"{behind} as {actor}" if behind else str(actor)
    return f"{label} (approved by {', '.join(approvers())})" if approvers() else label


@contextmanager
def impersonated_by(support: Support | None) -> Iterator[None]:
    """Actions of any actor inside the block are those of this operator."""
    token = _behind.set(support)
    try:
        yield
    finally:
        _behind.reset(token)


_approvers: ContextVar[tuple[str, ...]] = ContextVar("approvers", default=())


def approvers() -> tuple[str, ...]:
    """The names of the people that approved the command being executed."""
    return _approvers.get()


@contextmanager
def approved_by(names: tuple[str, ...]) -> Iterator[None]:
    token = _approvers.set(names)
    try:
        yield
    finally:
        _approvers.reset(token)
