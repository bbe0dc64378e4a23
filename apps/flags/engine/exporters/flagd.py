"""Native documents → the document of flagd: rules as JsonLogic.

A flag without a value has the default variant null. Percentages have no counterpart: `fractional` places units by
another hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .. import semver
from ..definitions import Always, Condition, Either, Every, Flag, Segment, Test
from ..moments import parse
from ..operators import decimal_of
from ..reading import read_flag, read_segment
from .inexpressible import NOTHING, Export, Inexpressible, Known
from .steps import Step, steps_of

SCHEMA = "https://flagd.dev/schema/v0/flags.json"
_NAMES: Mapping[str, str] = {"user": "targetingKey"}
_ORDERS: Mapping[str, str] = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_OPPOSITES: Mapping[str, str] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
Logic = Any


def flagd_document(
    documents: Iterable[Mapping[str, Any]], segments: Mapping[str, Mapping[str, Any]], known: Known = NOTHING
) -> Export:
    """All flags that flagd can express."""
    conditions = {key: read_segment(document).segment for key, document in segments.items()}
    readable = {key: segment for key, segment in conditions.items() if segment is not None}
    flags: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for document in sorted(documents, key=lambda document: str(document.get("key"))):
        key, flag = str(document.get("key")), read_flag(document).flag
        try:
            flags[key] = _flag(flag, readable, known)
        except Inexpressible as reason:
            left_out[key] = str(reason)
    return Export({"$schema": SCHEMA, "flags": flags}, left_out)


def _flag(flag: Flag | None, segments: Mapping[str, Segment], known: Known) -> dict[str, Any]:
    if flag is None:
        raise Inexpressible("its document is not valid")
    if flag.prerequisites:
        raise Inexpressible("it has prerequisites")
    *steps, last = _until_always(steps_of(flag, segments, known))
    if any(step.share is not None for step in (*steps, last)):
        raise Inexpressible("a percentage of units")
    shown: dict[str, Any] = {
        "state": "ENABLED",
        "variants": dict(flag.variants),
        "defaultVariant": last.variant,
    }
    if steps:
        shown["targeting"] = {"if": [part for step in steps for part in _case(step)]}
    return shown


def _until_always(steps: Sequence[Step]) -> list[Step]:
    """Up to the first step that holds for every context."""
    reached = []
    for step in steps:
        reached.append(step)
        if isinstance(step.when, Always) and step.share is None:
            break
    return reached


def _case(step: Step) -> tuple[Logic, str]:
    if step.variant is None:
        raise Inexpressible("a rule serves no value")
    return _logic(step.when), step.variant


def _logic(condition: Condition) -> Logic:
    """Of a folded condition (steps.py)."""
    match condition:
        case Always():
            return True
        case Every(parts):
            return {"and": [_logic(part) for part in parts]}
        case Either(parts):
            return {"or": [_logic(part) for part in parts]}
        case Test():
            return _of_test(condition)
    raise Inexpressible("a condition has no counterpart")


def _of_test(test: Test) -> Logic:
    if test.operators:
        raise Inexpressible(f"the operator {test.op} of {test.operators} has no counterpart")
    for names, make in _KINDS:
        if test.op in names:
            return make(test)
    raise Inexpressible(f"the operator {test.op} has no counterpart")


def _value(test: Test) -> Logic:
    return {"var": [_NAMES.get(test.attribute, test.attribute)]}


def _is_set(value: Logic) -> Logic:
    return {"!==": [value, None]}


def _negatable(test: Test, logic: Logic) -> Logic:
    """A test is false without its attribute, also when negated, unless the dialect says otherwise."""
    if not test.negate:
        return {"and": [_is_set(_value(test)), logic]}
    negated = {"!": [logic]}
    unset = {"!": [_is_set(_value(test))]}
    return {"or": [unset, negated]} if test.missing else {"and": [_is_set(_value(test)), negated]}


def _texts(test: Test) -> Sequence[str]:
    if test.ignore_case or not all(isinstance(value, str) for value in test.values):
        raise Inexpressible(f"{test.op} compares numbers, booleans or texts in any case")
    return test.values


def _equality(test: Test) -> Logic:
    return _negatable(test, {"in": [_value(test), [*_texts(test)]]})


def _parts_of_text(test: Test) -> Logic:
    value = _value(test)
    if test.op == "contains":
        return _negatable(test, {"or": [{"in": [text, value]} for text in _texts(test)]})
    return _negatable(test, {"or": [{test.op: [value, text]} for text in _texts(test)]})


def _presence(test: Test) -> Logic:
    return {"!": [_is_set(_value(test))]} if test.negate else _is_set(_value(test))


def _order(test: Test) -> Logic:
    if test.negate and test.missing:
        raise Inexpressible(f"a negated {test.op} is true for a missing number")
    operator = _ORDERS[test.op]
    operator = _OPPOSITES[operator] if test.negate else operator
    return {"and": [_is_set(_value(test)), {operator: [_value(test), _number(test.values[0])]}]}


def _number(value: Any) -> float | int:
    number = decimal_of(value)
    if number is None:
        raise Inexpressible(f"{value} is no number")
    return int(number) if number == int(number) else float(number)


def _version(test: Test) -> Logic:
    if test.loose or any(semver.parse(value, loose=False) is None for value in test.values):
        raise Inexpressible("versions are compared loosely")
    if test.negate:
        raise Inexpressible("a version is negated")
    operator = {**_ORDERS, "eq": "="}[test.op.removeprefix("semver_")]
    return {"or": [{"sem_ver": [_value(test), operator, value]} for value in test.values]}


def _moment(test: Test) -> Logic:
    moment = parse(test.values[0])
    if test.attribute != "now" or not isinstance(moment, datetime) or moment.tzinfo is None:
        raise Inexpressible("an attribute is compared with a day or an instant")
    operator = "<" if test.op == "before" else ">"
    operator = _OPPOSITES[operator] if test.negate else operator
    return {operator: [{"var": ["$flagd.timestamp"]}, int(moment.timestamp())]}


_KINDS: Sequence[tuple[Sequence[str], Callable[[Test], Logic]]] = (
    (("in", "equals"), _equality),
    (("contains", "starts_with", "ends_with"), _parts_of_text),
    (("is_set",), _presence),
    (tuple(_ORDERS), _order),
    (("semver_eq", "semver_lt", "semver_lte", "semver_gt", "semver_gte"), _version),
    (("before", "after"), _moment),
)
