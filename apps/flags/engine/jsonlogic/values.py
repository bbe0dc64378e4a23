"""Conversions between types, as JsonLogic has them from JavaScript and flagd's evaluator has them in Python."""

from __future__ import annotations

from math import isnan
from typing import Any

NAN = float("nan")
_INFINITIES = frozenset({"inf", "-inf", "+inf"})  # numbers to Python, none to JavaScript


def to_number(value: Any) -> int | float:
    if isinstance(value, int | float):
        return value
    if value is None:
        return 0
    if isinstance(value, list):
        return NAN if len(value) > 1 else to_number(value[0]) if value else 0
    if not isinstance(value, str) or value.strip().lower() in _INFINITIES:
        return NAN
    try:
        return float(value)
    except ValueError:
        return NAN


def to_text(value: Any) -> str:
    """True and False are written as Python writes them: a flag of flagd sees "True"."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.15g}"
    if value is None:
        return "null"
    if isinstance(value, list):
        return ",".join(map(to_text, value))
    return "[object Object]" if isinstance(value, dict) else str(value)


def is_true(value: Any) -> bool:
    """An empty object is true, an empty list is not, and neither is NaN."""
    if value is True or value is False:
        return value
    if isinstance(value, dict):
        return True
    if isinstance(value, float) and isnan(value):
        return False
    return bool(value)


def equal(a: Any, b: Any) -> bool:
    """Equal after conversion. Two lists or objects are equal only if they are the same one."""
    if type(a) is type(b):
        return a is b if isinstance(a, list | dict) else bool(a == b)
    if isinstance(a, int | float):
        return a == to_number(b)
    if isinstance(b, int | float):
        return to_number(a) == b
    if a is None or b is None:
        return False
    if isinstance(a, str):
        return a == to_text(b)
    return isinstance(b, str) and to_text(a) == b


def ordered(a: Any, b: Any) -> tuple[Any, Any]:
    """Both as numbers, or as texts if either is a text and neither is a number."""
    if isinstance(a, int | float) or isinstance(b, int | float):
        return to_number(a), to_number(b)
    if isinstance(a, str) or isinstance(b, str):
        return to_text(a), to_text(b)
    return to_number(a), to_number(b)
