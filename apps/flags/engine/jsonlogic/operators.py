"""The operators of JsonLogic whose arguments are evaluated first. Each takes the data of the evaluation and the
arguments; arguments that are missing are null, and superfluous ones are ignored."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from math import isnan
from typing import Any

from .values import NAN, equal, is_true, ordered, to_number, to_text

Operator = Callable[..., Any]
_INDEX = re.compile("0|[1-9][0-9]*")


def variable(data: Any, key: Any = None, default: Any = None, *_: Any) -> Any:
    """The value at the path `a.b.0` of the data; the data itself without a path."""
    if key is None or key == "":
        return data
    if isinstance(key, int | float):
        return _at(data, int(key), default) if _is_index(key) else default
    for part in to_text(key).split("."):
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list | str):
            if part == "length":
                return len(data)
            if not _INDEX.fullmatch(part):
                return default
            data = _at(data, int(part), None)
        else:
            return default
    return default if data is None else data


def _is_index(key: float) -> bool:
    return not isinstance(key, float) or key.is_integer()


def _at(data: Any, index: int, default: Any) -> Any:
    """An object has no numbered members: its names are texts."""
    return data[index] if isinstance(data, list | str) and 0 <= index < len(data) else default


def missing(data: Any, *keys: Any) -> list[Any]:
    if keys and isinstance(keys[0], list):
        keys = tuple(keys[0])
    return [key for key in keys if variable(data, key) in (None, "")]


def missing_some(data: Any, needed: Any = 0, keys: Any = None, *_: Any) -> list[Any]:
    if not isinstance(keys, list):
        return []
    absent = missing(data, keys)
    return [] if len(keys) - len(absent) >= to_number(needed) else absent


def contained(_data: Any, needle: Any = None, haystack: Any = None, *_: Any) -> bool:
    if isinstance(haystack, list):
        return needle in haystack
    return isinstance(haystack, str) and to_text(needle) in haystack


def substring(_data: Any, text: Any = None, start: Any = None, length: Any = None, *_: Any) -> str:
    """Negative: a start that counts from the end, a length that leaves so many out at the end."""
    characters, start = to_text(text), to_number(start)
    if isnan(start):
        first = 0
    elif start < 0:
        first = 0 if -start >= len(characters) else len(characters) - int(-start)
    else:
        first = min(int(start), len(characters))
    if length is None:
        return characters[first:]
    length = to_number(length)
    size = 0 if isnan(length) else int(length)
    return (
        characters[first : first + size]
        if size >= 0
        else characters[first : max(len(characters) + size, first)]
    )


def merged(_data: Any, *items: Any) -> list[Any]:
    return [member for item in items for member in (item if isinstance(item, list) else (item,))]


def _total(_data: Any, *terms: Any) -> int | float:
    total: int | float = 0
    for term in terms:  # sum() rounds differently from Python 3.12 on
        total += to_number(term)
    return total


def _product(_data: Any, *factors: Any) -> int | float:
    product: int | float = 1
    for factor in factors:
        product *= to_number(factor)
    return product


def _difference(_data: Any, a: Any = None, b: Any = None, *_: Any) -> int | float:
    return -to_number(a) if b is None else to_number(a) - to_number(b)


def _compared(compare: Callable[[Any, Any], bool]) -> Operator:
    """With three arguments the one in the middle lies between the others."""

    def operate(_data: Any, a: Any = None, b: Any = None, c: Any = None, *_: Any) -> bool:
        return compare(*ordered(a, b)) and (c is None or compare(*ordered(b, c)))

    return operate


def _unary(function: Callable[[Any], Any]) -> Operator:
    return lambda _data, a=None, *_: function(a)


def _binary(function: Callable[[Any, Any], Any]) -> Operator:
    return lambda _data, a=None, b=None, *_: function(a, b)


OPERATORS: Mapping[str, Operator] = {
    "==": _binary(equal),
    "!=": _binary(lambda a, b: not equal(a, b)),
    "===": _binary(operator.eq),
    "!==": _binary(operator.ne),
    "<": _compared(operator.lt),
    ">": _compared(operator.gt),
    "<=": _compared(operator.le),
    ">=": _compared(operator.ge),
    "!": _unary(lambda a: not is_true(a)),
    "!!": _unary(is_true),
    "+": _total,
    "*": _product,
    "-": _difference,
    "/": _binary(lambda a, b: to_number(a) / to_number(b)),
    "%": _binary(lambda a, b: to_number(a) % to_number(b)),
    "min": lambda _data, *items: min(map(to_number, items)) if items else NAN,
    "max": lambda _data, *items: max(map(to_number, items)) if items else NAN,
    "cat": lambda _data, *items: "".join(map(to_text, items)),
    "in": contained,
    "var": variable,
    "substr": substring,
    "merge": merged,
    "missing": missing,
    "missing_some": missing_some,
    "log": _unary(lambda a: a),  # a flag writes no log
}
