"""What others plug in, in their hookimpls.py: kinds of notices, and what the operators must be alerted of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Where = Literal["everywhere", "platform", "tenants"]


@dataclass(frozen=True)
class Kind:
    """`name` is `entity.action` as in events; `description` ends the sentence "You are told this because …"; `where`
    says who tells it."""

    name: str
    description: str
    where: Where = "everywhere"
    chosen: bool = True

    def __str__(self) -> str:
        return self.name


_declared: dict[str, Kind] = {}


def declare_kind(name: str, description: str, where: Where = "everywhere", *, chosen: bool = True) -> Kind:
    """Once, by the app that tells it. One that is not `chosen` is sent to its target whatever kinds that has."""
    if name in _declared:
        raise TypeError(f"There is already a kind of notice {name}.")
    _declared[name] = Kind(name, description, where, chosen)
    return _declared[name]


def kinds() -> Mapping[str, Kind]:
    """Those that can be chosen."""
    return {name: kind for name, kind in _declared.items() if kind.chosen}


def all_definitions() -> Mapping[str, Kind]:
    return _declared


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Something is wrong at present. `name` says what ("queue:financial"); while it lasts it is told once an hour."""

    name: str
    subject: str
    text: str


Check = Callable[[], Iterable[Alert]]
_checks: list[Check] = []


def alert(check: Check) -> Check:
    """Registers what looks, each minute, on the platform, and gives what is wrong."""
    _checks.append(check)
    return check


def checks() -> Sequence[Check]:
    return tuple(_checks)


def alerts() -> Iterator[Alert]:
    for check in _checks:
        yield from check()
