"""Conditions as alternatives of constraints, the form that strategies of Unleash have.

A native test with a missing attribute is false, also when negated; an inverted constraint of Unleash is true. So a
negated test is the inverted constraint and one that holds for every text; of numbers it is the opposite order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from .. import semver
from ..definitions import Always, Condition, Either, Every, Test
from ..moments import parse
from ..operators import decimal_of
from ..unleash.dialect import NAME as UNLEASH
from .inexpressible import Inexpressible
from .steps import NEVER

MAX_ALTERNATIVES = 64
_NAMES: Mapping[str, str] = {"user": "userId", "ip": "remoteAddress", "now": "currentTime"}
_TEXTS: Mapping[str, str] = {
    "contains": "STR_CONTAINS",
    "starts_with": "STR_STARTS_WITH",
    "ends_with": "STR_ENDS_WITH",
}
_NUMBERS: Mapping[str, tuple[str, str]] = {
    "lt": ("NUM_LT", "gte"),
    "lte": ("NUM_LTE", "gt"),
    "gt": ("NUM_GT", "lte"),
    "gte": ("NUM_GTE", "lt"),
}
"""With the operator that is its negation."""
_VERSIONS: Mapping[str, str] = {"semver_eq": "SEMVER_EQ", "semver_lt": "SEMVER_LT", "semver_gt": "SEMVER_GT"}
_MOMENTS: Mapping[str, str] = {"before": "DATE_BEFORE", "after": "DATE_AFTER"}


@dataclass(frozen=True)
class Literal:
    """One constraint. A missing attribute makes it false, or true if it is inverted."""

    attribute: str
    operator: str
    values: tuple[str, ...] = ()
    value: str | None = None
    inverted: bool = False
    ignore_case: bool = False

    def document(self) -> dict[str, Any]:
        return {
            "contextName": name_of(self.attribute),
            "operator": self.operator,
            "values": list(self.values),
            **({} if self.value is None else {"value": self.value}),
            "inverted": self.inverted,
            "caseInsensitive": self.ignore_case,
        }


Conjunction = frozenset[Literal]
Alternatives = list[Conjunction]
EVERYONE: Alternatives = [frozenset()]


def name_of(attribute: str) -> str:
    """The field of the context of Unleash."""
    return _NAMES.get(attribute, attribute)


def alternatives_of(condition: Condition) -> Alternatives:
    """Of a folded condition (steps.py). Empty if it never holds. Raises Inexpressible."""
    if isinstance(condition, Always):
        return EVERYONE
    if condition == NEVER:
        return []
    if isinstance(condition, Every):
        return both(*(alternatives_of(part) for part in condition.parts))
    if isinstance(condition, Either):
        return either(*(alternatives_of(part) for part in condition.parts))
    if isinstance(condition, Test):
        return _of_test(condition)
    raise Inexpressible("a condition has no counterpart")


def both(*several: Alternatives) -> Alternatives:
    joined = EVERYONE
    for alternatives in several:
        joined = either([one | other for one in joined for other in alternatives])
    return joined


def either(*several: Alternatives) -> Alternatives:
    distinct = list(dict.fromkeys(one for alternatives in several for one in alternatives))
    if len(distinct) > MAX_ALTERNATIVES:
        raise Inexpressible(f"its conditions have more than {MAX_ALTERNATIVES} alternatives")
    return distinct


def neither(alternatives: Alternatives) -> Alternatives:
    """Where none of them holds, also because an attribute is missing."""
    negations = (
        [frozenset({replace(literal, inverted=not literal.inverted)}) for literal in conjunction]
        for conjunction in alternatives
    )
    return both(*negations)


def _of_test(test: Test) -> Alternatives:
    if test.operators:
        return _as_imported(test)
    for names, make in _KINDS:
        if test.op in names:
            return make(test)
    raise Inexpressible(f"the operator {test.op} has no counterpart")


def _as_imported(test: Test) -> Alternatives:
    """A test with the operators of Unleash is the constraint that it was imported from."""
    operator = {**_TEXTS, **_VERSIONS, **_MOMENTS, "in": "IN"}.get(test.op, f"NUM_{test.op.upper()}")
    is_known = (
        test.op in _TEXTS or test.op in _VERSIONS or test.op in _MOMENTS or test.op in (*_NUMBERS, "in", "eq")
    )
    if test.operators != UNLEASH or not is_known or (test.negate and not test.missing):
        raise Inexpressible(f"the operator {test.op} of {test.operators} has no counterpart")
    values = tuple(map(str, test.values))
    literal = Literal(test.attribute, operator, inverted=test.negate, ignore_case=test.ignore_case)
    if test.op in _TEXTS or test.op == "in":
        return _one(replace(literal, values=values))
    return either(*(_one(replace(literal, value=value)) for value in values))


def _one(literal: Literal) -> Alternatives:
    return [frozenset({literal})]


def _is_text(attribute: str) -> Literal:
    return Literal(attribute, "STR_STARTS_WITH", ("",))


def _negatable(test: Test, literal: Literal) -> Alternatives:
    """Of a test that every text can be compared in."""
    if not test.negate:
        return _one(literal)
    inverted = replace(literal, inverted=True)
    return _one(inverted) if test.missing else [frozenset({inverted, _is_text(test.attribute)})]


def _equality(test: Test) -> Alternatives:
    if all(isinstance(value, str) for value in test.values) and not test.ignore_case:
        return _negatable(test, Literal(test.attribute, "IN", tuple(test.values)))
    raise Inexpressible(f"{test.op} compares numbers, booleans or texts in any case")


def _text(test: Test) -> Alternatives:
    operator = _TEXTS[test.op]
    if test.ignore_case and not all(value.isascii() for value in test.values):
        raise Inexpressible(f"{test.op} compares letters beyond A to Z in any case")
    return _negatable(
        test, Literal(test.attribute, operator, tuple(test.values), ignore_case=test.ignore_case)
    )


def _is_set(test: Test) -> Alternatives:
    literal = _is_text(test.attribute)
    return _one(replace(literal, inverted=True) if test.negate else literal)


def _order(test: Test) -> Alternatives:
    if test.negate and test.missing:
        raise Inexpressible(f"a negated {test.op} is true for a missing number")
    operator, opposite = _NUMBERS[test.op]
    if test.negate:
        operator, _ = _NUMBERS[opposite]
    return _one(Literal(test.attribute, operator, value=_number(test.values[0])))


def _equal_numbers(test: Test) -> Alternatives:
    tests = [Test(test.attribute, op, (value,)) for value in test.values for op in ("lt", "gt")]
    if not test.negate:
        return either(*(_one(Literal(test.attribute, "NUM_EQ", value=_number(v))) for v in test.values))
    if test.missing:
        raise Inexpressible("a negated eq is true for a missing number")
    return both(
        *(either(_order(low), _order(high)) for low, high in zip(tests[::2], tests[1::2], strict=True))
    )


def _between(test: Test) -> Alternatives:
    low, high = (
        Test(test.attribute, op, (value,), test.negate, missing=test.missing)
        for op, value in zip(("gte", "lte"), test.values, strict=True)
    )
    return (either if test.negate else both)(_order(low), _order(high))


def _number(value: Any) -> str:
    number = decimal_of(value)
    if number is None or abs(number) >= 2**53 or float(number) != number:
        raise Inexpressible(f"{value} is no number that a float holds")
    return f"{number:f}"


def _version(test: Test) -> Alternatives:
    if test.loose or test.negate or any(semver.parse(value, loose=False) is None for value in test.values):
        raise Inexpressible("versions are compared loosely, or negated")
    operator = _VERSIONS[test.op]
    return either(*(_one(Literal(test.attribute, operator, value=value)) for value in test.values))


def _moment(test: Test) -> Alternatives:
    moment = parse(test.values[0])
    if test.attribute != "now" or not isinstance(moment, datetime) or moment.tzinfo is None:
        raise Inexpressible("an attribute is compared with a day or an instant")
    return _one(
        Literal("now", _MOMENTS[test.op], value=moment.isoformat(), inverted=test.negate)  # always present
    )


_KINDS: Sequence[tuple[Sequence[str], Callable[[Test], Alternatives]]] = (
    (("in", "equals"), _equality),
    (tuple(_TEXTS), _text),
    (("is_set",), _is_set),
    (tuple(_NUMBERS), _order),
    (("eq",), _equal_numbers),
    (("between",), _between),
    (tuple(_VERSIONS), _version),
    (tuple(_MOMENTS), _moment),
)


def sorted_documents(conjunction: Conjunction) -> list[dict[str, Any]]:
    """In one order, so that an unchanged flag has an unchanged document."""
    return [literal.document() for literal in sorted(conjunction, key=repr)]
