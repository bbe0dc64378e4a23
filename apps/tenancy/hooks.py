"""What others may plug into a tenant's life: their part in each of its journeys, and what the law says of its end.

An app says in its hookimpls.py what is its to do. The journeys themselves stand in `apps.operations`, which knows
nobody's nouns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from apps.bus import Command
from apps.kernel.tenant import TenantInfo

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class NewTenant:
    """What is known of a tenant that is being set up. `plan` is the code of what it has booked, or empty."""

    tenant: TenantInfo
    owner_email: str
    owner_name: str
    currency: str
    plan: str
    begins_on: dt.date


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A tenant whose life takes a turn, and why."""

    tenant: TenantInfo
    reason: str


@dataclass(frozen=True)
class Contribution(Generic[T]):
    """What one app does in one part of a journey: the commands, made from what is known. The same commands each time,
    since a part that was cut off is asked again; each of them is done once."""

    commands: Callable[[T], Iterable[Command]]
    order: int
    on_platform: bool


class Contributions(Generic[T]):
    """What apps do in one journey, by its parts.

    @set_up("structure")
    def first_company(new: NewTenant) -> Iterable[Command]:
        yield FoundCompany(…)

    order        within the part; apps that stand on others come later
    on_platform  whether the commands are the platform's. Otherwise they are done inside the tenant
    """

    def __init__(self, *parts: str) -> None:
        self._of: dict[str, list[Contribution[T]]] = {part: [] for part in parts}

    def __call__(
        self, part: str, *, order: int = 50, on_platform: bool = False
    ) -> Callable[[Callable[[T], Iterable[Command]]], Callable[[T], Iterable[Command]]]:
        def register(function: Callable[[T], Iterable[Command]]) -> Callable[[T], Iterable[Command]]:
            self._of[part].append(Contribution(function, order, on_platform))
            self._of[part].sort(key=lambda each: each.order)
            return function

        return register

    def to(self, part: str) -> Sequence[Contribution[T]]:
        return tuple(self._of[part])


set_up: Contributions[NewTenant] = Contributions("settings", "features", "structure", "people")
on_suspend: Contributions[Turn] = Contributions("features", "data")
on_activate: Contributions[Turn] = Contributions("data", "features")
on_archive: Contributions[Turn] = Contributions("features", "data")


@dataclass(frozen=True)
class Kept:
    """Until when the law has something kept, and what."""

    until: dt.date
    what: str


_retentions: list[Callable[[], Kept | None]] = []


def retention(function: Callable[[], Kept | None]) -> Callable[[], Kept | None]:
    """Registers what is asked, inside the tenant, before it may be erased."""
    _retentions.append(function)
    return function


def kept_by_law() -> Sequence[Kept]:
    """What the current tenant must still keep, the longest first."""
    return sorted(
        (kept for function in _retentions if (kept := function())), key=lambda kept: kept.until, reverse=True
    )


_proofs: dict[str, Callable[[], Any]] = {}


def proof(name: str) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Registers a figure ("trial balance") that is asked inside the tenant, before and after it was copied, and must be
    the same."""

    def register(function: Callable[[], T]) -> Callable[[], T]:
        _proofs[name] = function
        return function

    return register


def proofs() -> Mapping[str, Callable[[], Any]]:
    return _proofs


@dataclass(frozen=True)
class Along:
    """What the platform knows of a tenant beside its row (its plan), as JSON: it goes into the tenant's archive, and is
    given to whoever is made of that. `give` may be asked again."""

    take: Callable[[int], Any]
    give: Callable[[int, Any], object]


_along: dict[str, Along] = {}


def along(name: str, take: Callable[[int], Any], give: Callable[[int, Any], object]) -> None:
    _along[name] = Along(take, give)


def goes_along() -> Mapping[str, Along]:
    return _along
