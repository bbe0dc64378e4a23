"""Extension points of backups: invariants that a copy of a tenant must preserve, and platform data that travels with a
tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
_invariants: dict[str, Callable[[], Any]] = {}


def invariant(name: str) -> Callable[[Callable[[], T]], Callable[[], T]]:
    """Registers a figure ("trial balance") that is computed inside the tenant and must be the same after a copy."""

    def register(function: Callable[[], T]) -> Callable[[], T]:
        _invariants[name] = function
        return function

    return register


def invariants() -> Mapping[str, Callable[[], Any]]:
    return _invariants


@dataclass(frozen=True)
class CarriedData:
    """Platform data of a tenant beside its row (its subscription), as JSON. A backup file contains it, and a tenant
    made from that file receives it. `restore` must be idempotent."""

    export: Callable[[int], Any]
    restore: Callable[[int, Any], object]


_carried_data: dict[str, CarriedData] = {}


def carried_data(name: str, export: Callable[[int], Any], restore: Callable[[int, Any], object]) -> None:
    _carried_data[name] = CarriedData(export, restore)


def all_carried_data() -> Mapping[str, CarriedData]:
    return _carried_data
