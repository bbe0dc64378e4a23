"""JSON from outside, read strictly: what two readers understand differently, or what PostgreSQL and encoders cannot
hold, is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Never

MAX_DEPTH = 64
"""Levels of nesting."""
MAX_NUMBER_LENGTH = 100
"""Characters of a number."""
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_NUL_ESCAPE = re.compile(r"\\u0000")


class NotStrictJSON(ValueError):
    """The argument is the reason, without the text itself."""


def loads(text: bytes | str, *, long_numbers_as_texts: bool = False) -> Any:
    """The value of a JSON text in UTF-8. A number that a float does not hold exactly is refused, or stays a text.

    Raises NotStrictJSON also for NaN and numbers that a float does not hold exactly, numbers of more than
    MAX_NUMBER_LENGTH characters, two equal names in an object, NUL and single surrogates in names and texts, and more
    than MAX_DEPTH levels.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_number_or_text if long_numbers_as_texts else _decimal_number,
            parse_int=_whole_number,
        )
    except NotStrictJSON:
        raise
    except UnicodeDecodeError:
        raise NotStrictJSON("it is not encoded in UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotStrictJSON(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotStrictJSON(f"it has more than {MAX_DEPTH} levels") from None
    _must_be_shallow(decoded, value)
    _must_be_storable(decoded, value)
    return value


def _must_be_shallow(text: str, value: Any) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level: Sequence[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return
    raise NotStrictJSON(f"it has more than {MAX_DEPTH} levels")


def _members(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from (inner for inner in value.values() if isinstance(inner, dict | list))
    elif isinstance(value, list):
        yield from (inner for inner in value if isinstance(inner, dict | list))


def _must_be_storable(text: str, value: Any) -> None:
    """The escapes are searched first: only a text with one of them is written again, which is slow."""
    if not (_SURROGATE_ESCAPE.search(text) or _NUL_ESCAPE.search(text)):
        _refuse_raw_surrogates(text)
        return
    written = json.dumps(value, ensure_ascii=False)
    _refuse_raw_surrogates(written)
    if _NUL_ESCAPE.search(written.replace("\\\\", "")):
        raise NotStrictJSON("a text in it has the character NUL")


def _refuse_raw_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise NotStrictJSON("a text in it has a single surrogate, which is no character") from None


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise NotStrictJSON("an object in it has a name twice")
    return value


def _constant(name: str) -> Never:
    raise NotStrictJSON(f"{name} is not in JSON")


def _whole_number(digits: str) -> int:
    _must_be_short(digits)
    return int(digits)


def _finite_number(digits: str) -> float:
    _must_be_short(digits)
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJSON("a number in it is too large")
    return number


def _decimal_number(digits: str) -> float:
    number = _finite_number(digits)
    if not _is_exact(number, digits):
        raise NotStrictJSON("a number in it has more digits than a float: write it as a string")
    return number


def _number_or_text(digits: str) -> float | str:
    number = _finite_number(digits)
    return number if _is_exact(number, digits) else digits


def _is_exact(number: float, digits: str) -> bool:
    try:
        return Decimal(repr(number)) == Decimal(digits)
    except ArithmeticError:  # an exponent of more than eighteen digits
        return False


def _must_be_short(digits: str) -> None:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise NotStrictJSON(f"a number in it has more than {MAX_NUMBER_LENGTH} characters")
