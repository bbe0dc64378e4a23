"""Extension points of a tenant's lifecycle: the steps that other apps add to its sagas, legal retention,
and facts for the list of tenants.

An app implements them in its hookimpls.py. The sagas are in `apps.operations`, which knows no model of these apps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import DateTimeField, Subquery, Value
from django.db.models.expressions import Combinable

from apps.bus import Command
from apps.kernel.tenant import TenantInfo

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class NewTenant:
    """A tenant that is being set up. `plan` is the code of its subscription, or empty."""

    tenant: TenantInfo
    owner_email: str
    owner_name: str
    currency: str
    plan: str
    begins_on: dt.date


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A change of a tenant's state, and its reason."""

    tenant: TenantInfo
    reason: str


@dataclass(frozen=True)
class Contribution(Generic[T]):
    """The commands of one app in one part of a saga. `commands` must return the same ones each time: an interrupted
    part is evaluated again, and each command is executed once."""

    commands: Callable[[T], Iterable[Command]]
    order: int
    on_platform: bool


class Contributions(Generic[T]):
    """The contributions of all apps to one saga, by part.

    @set_up("structure")
    def first_company(new: NewTenant) -> Iterable[Command]:
        yield FoundCompany(…)

    order        within the part; an app comes after those that it depends on
    on_platform  run the commands on the platform; otherwise inside the tenant
    """

    def __init__(self, *parts: str) -> None:
        self._by_part: dict[str, list[Contribution[T]]] = {part: [] for part in parts}

    def __call__(
        self, part: str, *, order: int = 50, on_platform: bool = False
    ) -> Callable[[Callable[[T], Iterable[Command]]], Callable[[T], Iterable[Command]]]:
        def register(function: Callable[[T], Iterable[Command]]) -> Callable[[T], Iterable[Command]]:
            self._by_part[part].append(Contribution(function, order, on_platform))
            self._by_part[part].sort(key=lambda contribution: contribution.order)
            return function

        return register

    def to(self, part: str) -> Sequence[Contribution[T]]:
        return tuple(self._by_part[part])


@dataclass(frozen=True, kw_only=True)
class TenantRequest:
    """A request for a new tenant, before its setup starts."""

    slug: str
    owner_email: str
    plan: str
    region: str


_request_checks: list[Callable[[TenantRequest], object]] = []


def request_check(function: Callable[[TenantRequest], object]) -> Callable[[TenantRequest], object]:
    """Registers a validation of the request. It raises the refusal that a step of the setup would raise."""
    _request_checks.append(function)
    return function


def request_checks() -> Sequence[Callable[[TenantRequest], object]]:
    return tuple(_request_checks)


set_up: Contributions[NewTenant] = Contributions("settings", "features", "structure", "people")
on_suspension: Contributions[Transition] = Contributions("features", "data")
on_activation: Contributions[Transition] = Contributions("data", "features")
on_archival: Contributions[Transition] = Contributions("features", "data")


@dataclass(frozen=True)
class Retention:
    """Records that the law requires until a date."""

    until: dt.date
    records: str


_retentions: list[Callable[[], Retention | None]] = []


def retention(function: Callable[[], Retention | None]) -> Callable[[], Retention | None]:
    """Registers a function that runs inside a tenant before the tenant may be erased."""
    _retentions.append(function)
    return function


def legal_retentions() -> Sequence[Retention]:
    """The retentions of the current tenant, the longest first."""
    retentions = [required for function in _retentions if (required := function())]
    return sorted(retentions, key=lambda required: required.until, reverse=True)


_backed_up_at: list[Callable[[], Subquery]] = []


def backed_up_at(function: Callable[[], Subquery]) -> Callable[[], Subquery]:
    """Registers the subquery that computes, for a row of tenants, the instant of its last backup."""
    _backed_up_at.append(function)
    return function


def last_backup() -> Combinable:
    """The instant of the last backup of each tenant, for a query of tenants; NULL without the app of backups."""
    return next((function() for function in _backed_up_at), Value(None, output_field=DateTimeField()))
