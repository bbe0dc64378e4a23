"""A flag and a segment as read from their documents: frozen, without the form of JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .bucketers import NATIVE


@dataclass(frozen=True, slots=True)
class Test:
    """A comparison of one attribute. `missing` is the result of a negated comparison with a missing attribute."""

    attribute: str
    op: str
    values: tuple[Any, ...] = ()
    negate: bool = False
    ignore_case: bool = False
    missing: bool = False
    loose: bool = True  # versions
    operators: str = ""  # the dialect whose operators compare; the engine's own if empty

    __test__ = False  # no test of pytest


@dataclass(frozen=True, slots=True)
class Always:
    """Holds for every context."""


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Condition


@dataclass(frozen=True, slots=True)
class InSegment:
    key: str


@dataclass(frozen=True, slots=True)
class Serves:
    """Another flag serves one of these variants. It is a prerequisite, or a condition of a rule."""

    flag: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Custom:
    """A condition of a registered kind (extensions.py)."""

    kind: str
    test: Callable[[Mapping[str, Any]], bool]


Condition: TypeAlias = Test | Always | Every | Either | Not | InSegment | Serves | Custom


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage of units."""

    percentage: float
    units: tuple[str, ...]
    salt: str
    bucketer: str = NATIVE
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Split:
    """Variants by weight."""

    variants: tuple[str | None, ...]
    weights: tuple[float, ...]
    units: tuple[str, ...]
    salt: str
    bucketer: str = NATIVE
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """A variant that a registered kind of choice names (extensions.py)."""

    kind: str
    choose: Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """For contexts in which `when` holds and units inside `share`: one variant, or one of `pick`."""

    name: str
    when: Condition
    serve: str | None = None
    pick: Split | Choice | None = None
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    share: Share
    canary: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """The document's fields. With `matches_any` a unit outside a rule's share goes to the next rule."""

    key: str
    type: str
    variants: Mapping[str, Any]
    enabled: bool
    off_variant: str | None
    default_variant: str | None
    entitlement: str | None = None
    roles: tuple[str, ...] = ()
    prerequisites: tuple[Serves, ...] = ()
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    implies: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    rollout: Rollout | None = None
    bucketer: str = NATIVE
    salt: str = ""
    posting: bool = False
    matches_any: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    key: str
    when: Condition


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions directly inside a condition."""
    if isinstance(condition, (Every, Either)):
        return condition.parts
    return (condition.part,) if isinstance(condition, Not) else ()


def walk(condition: Condition) -> list[Condition]:
    """A condition and everything inside it."""
    seen, left = [], [condition]
    while left:
        current = left.pop()
        seen.append(current)
        left.extend(reversed(parts_of(current)))
    return seen
