"""Extension points for the hookimpls.py of other apps: kinds of notices, and checks that report alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise

Where = Literal["everywhere", "platform", "tenants"]


@dataclass(frozen=True)
class Kind:
    """A topic of notices.

    name         `entity.action` as in events
    description  completes the sentence "You receive this because …"
    where        the plane that sends it
    selectable   false: it is sent to its channel whatever kinds the channel has selected
    """

    name: str
    description: str | Promise
    where: Where = "everywhere"
    selectable: bool = True

    def __str__(self) -> str:
        return self.name


_declared: dict[str, Kind] = {}


def declare_kind(
    name: str, description: str | Promise, where: Where = "everywhere", *, selectable: bool = True
) -> Kind:
    """Declared once, by the app that sends it."""
    if name in _declared:
        raise TypeError(f"There is already a kind of notice {name}.")
    _declared[name] = Kind(name, description, where, selectable)
    return _declared[name]


def kinds() -> Mapping[str, Kind]:
    """The selectable kinds."""
    return {name: kind for name, kind in _declared.items() if kind.selectable}


def all_definitions() -> Mapping[str, Kind]:
    return _declared


@dataclass(frozen=True, kw_only=True)
class Alert:
    """A current problem, named by its subject ("queue:financial"); announced once an hour while it lasts."""

    name: str
    subject: str
    text: str


Check = Callable[[], Iterable[Alert]]
_checks: list[Check] = []


def alert(check: Check) -> Check:
    """Registers a check that runs every minute on the platform and yields the current problems."""
    _checks.append(check)
    return check


def checks() -> Sequence[Check]:
    return tuple(_checks)


def alerts() -> Iterator[Alert]:
    for check in _checks:
        yield from check()
