"""Constraints of Unleash → conditions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from ...unleash import texts
from .conditions import NEVER, Condition, inverse
from .patterns import NoPattern, re2_pattern

Warn: TypeAlias = Callable[[str, str], None]  # code, message

FIELDS = frozenset({"userId", "sessionId", "environment", "appName", "remoteAddress", "currentTime"})

_AFFIXES = {"STR_CONTAINS": "contains", "STR_STARTS_WITH": "starts_with", "STR_ENDS_WITH": "ends_with"}
_ORDERS = {
    **{f"NUM_{order}": order.lower() for order in ("EQ", "GT", "GTE", "LT", "LTE")},
    **{f"SEMVER_{order}": order.lower() for order in ("EQ", "GT", "GTE", "LT", "LTE")},
    "DATE_AFTER": "gt",
    "DATE_BEFORE": "lt",
}
_MOMENTS = {"gt": "after", "lt": "before", "gte": "from", "lte": "until", "eq": "at"}
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+(-[A-Za-z0-9.-]+)?(\+[A-Za-z0-9.-]+)?")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")


class Refused(ValueError):
    """Unleash's engine cannot compile the strategy, and closes the whole flag."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def condition_of(constraint: Mapping[str, Any], names: Mapping[str, str], warn: Warn) -> Condition:
    """Raises Refused. `names` are native names of attributes."""
    operator, name = constraint.get("operator"), plain_name(constraint.get("contextName"))
    attribute, inverted = names.get(name, name), bool(constraint.get("inverted"))
    if operator in ("IN", "NOT_IN"):
        negate = inverted is not (operator == "NOT_IN")
        values = _values(constraint)
        return _test(attribute, "in", values, negate) if values else inverse(NEVER, negate)
    ignore_case = bool(constraint.get("caseInsensitive"))
    if operator in _AFFIXES:
        return _test(attribute, _AFFIXES[operator], _some_values(constraint), inverted, ignore_case)
    if operator == "IN_CIDR":
        return networks(attribute, _some_values(constraint), inverted, warn)
    if operator == "REGEX":
        return _pattern(attribute, _value(constraint), inverted, ignore_case, warn)
    if operator in _ORDERS:
        if operator.startswith("SEMVER") and _value(constraint).startswith("v"):
            warn("bad_semver", f"{_value(constraint)!r} begins with v: the constraint never holds")
            return NEVER
        return inverse(_ordered(attribute, _ORDERS[operator], _value(constraint).strip(" \t")), inverted)
    raise Refused("unknown_operator", f"Unleash has no operator {operator!r}: the flag is closed")


def plain_name(name: Any) -> str:
    if not isinstance(name, str):
        raise Refused("wrong_type", "the name of an attribute is needed: the flag is closed")
    if '"' in name or name.endswith("\\"):
        raise Refused("bad_value", f"Unleash cannot compile the name {name!r}: the flag is closed")
    return name


def _test(
    attribute: str, op: str, values: list[Any], negate: bool = False, ignore_case: bool = False
) -> Condition:
    """Without the members that have their usual values."""
    test: Condition = {"attribute": attribute, "op": op, "values": values}
    if negate:
        test["negate"] = True
    if ignore_case:
        test["ignore_case"] = True
    return test


def _value(constraint: Mapping[str, Any]) -> str:
    value = constraint.get("value")
    return value if isinstance(value, str) else "" if value is None else text_of(value) or ""


def _values(constraint: Mapping[str, Any]) -> list[str]:
    return [compilable(text_of(value) or "") for value in constraint.get("values", ())]


def _some_values(constraint: Mapping[str, Any]) -> list[str]:
    values = _values(constraint)
    if not values:
        raise Refused("missing_field", "Unleash compiles no list without values: the flag is closed")
    return values


def compilable(text: str) -> str:
    if text.endswith("\\"):
        raise Refused("bad_value", f"Unleash cannot compile {text!r}, which ends with \\: the flag is closed")
    return text


def text_of(value: Any) -> str | None:
    """A scalar as Unleash reads it into a text."""
    if value is None or isinstance(value, list | dict):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) or (isinstance(value, int) and not -(1 << 63) <= value < 1 << 64):
        return re.sub(r"e-0(\d)$", r"e-\1", repr(float(value)))
    return str(value)


def networks(attribute: str, values: list[str], inverted: bool, warn: Warn) -> Condition:
    """Values that are no networks count for nothing."""
    known = []
    for value in values:
        network = texts.network(value)
        if network is None:
            warn("bad_address", f"{value!r} is no address or network, and never matches")
        else:
            known.append(str(network))
    return _test(attribute, "cidr", known, inverted) if known else inverse(NEVER, inverted)


def _pattern(attribute: str, expression: str, inverted: bool, ignore_case: bool, warn: Warn) -> Condition:
    try:
        pattern = re2_pattern(compilable(expression))
    except NoPattern as error:
        warn("bad_regex", f"{expression!r} never matches: {error}")
        return inverse(NEVER, inverted)
    if r"\b" in pattern or r"\B" in pattern:
        warn("ascii_boundary", f"{expression!r}: boundaries of words are those of ASCII")
    return _test(attribute, "matches", [pattern], inverted, ignore_case)


def _ordered(attribute: str, order: str, value: str) -> Condition:
    """The form of the value decides how attributes are compared, whatever the operator's name."""
    if _INSTANT.fullmatch(value) and texts.instant(value) is not None:
        return _test(attribute, _MOMENTS[order], [value])
    if _VERSION.fullmatch(value) and texts.version(value) is not None:
        return _test(attribute, f"semver_{order}", [value])
    if _NUMBER.fullmatch(value):
        return _test(attribute, order, [value])
    raise Refused("bad_value", f"{value!r} is no number, version or instant: the flag is closed")
