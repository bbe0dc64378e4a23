"""Conditions as documents, without parts that are constant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

Condition: TypeAlias = dict[str, Any]

NEVER: Condition = {"any": []}
ALWAYS: Condition = {"all": []}


def every(parts: Iterable[Condition]) -> Condition:
    left = [part for part in parts if part != ALWAYS]
    if NEVER in left:
        return NEVER
    return left[0] if len(left) == 1 else {"all": left}


def either(parts: Iterable[Condition]) -> Condition:
    left = [part for part in parts if part != NEVER]
    if ALWAYS in left:
        return ALWAYS
    return left[0] if len(left) == 1 else {"any": left}


def inverse(condition: Condition, inverted: bool = True) -> Condition:
    if not inverted:
        return condition
    if condition in (ALWAYS, NEVER):
        return NEVER if condition == ALWAYS else ALWAYS
    return condition["not"] if condition.keys() == {"not"} else {"not": condition}


def first(cases: Iterable[tuple[Condition, Condition]], otherwise: Condition) -> Condition:
    """The result of the first case that holds."""
    none_before: list[Condition] = []
    results: list[Condition] = []
    for condition, result in cases:
        results.append(every([*none_before, condition, result]))
        none_before.append(inverse(condition))
    return either([*results, every([*none_before, otherwise])])
