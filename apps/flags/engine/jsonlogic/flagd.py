"""flagd's own operators. One that cannot compute has the result null, and the flag its default variant."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import mmh3

from .cbor import canonical_cbor
from .operators import Operator

_DIGITS = re.compile("[0-9]+")
MAX_WEIGHTS = 2**31 - 1
_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)


def fractional(data: Any, *args: Any) -> Any:
    """The variant into whose part of the weights the hash of the first argument falls (bucketing version 3). Without
    that argument, the hash of [key of the flag, targetingKey]."""
    if not args:
        return None
    unit, parts = (_targeting_unit(data), args) if isinstance(args[0], list) else (args[0], args[1:])
    if unit is None:
        return None
    weights = [_weight(part) for part in parts]
    total = sum(weight for weight in weights if weight is not None)
    if None in weights or not 0 < total <= MAX_WEIGHTS:
        return None
    try:
        encoded = canonical_cbor(_whole(unit))
    except ValueError:
        return None
    bucket = mmh3.hash(encoded, signed=False) * total >> 32
    for part, weight in zip(parts, weights, strict=True):
        bucket -= weight or 0
        if bucket < 0:
            return part[0]
    return None


def _targeting_unit(data: Any) -> list[str] | None:
    key = data.get("targetingKey")
    return [data.get("$flagd", {}).get("flagKey", ""), key] if isinstance(key, str) and key else None


def _weight(part: Any) -> int | None:
    """[variant] has the weight 1. A negative weight may be computed, and counts as 0."""
    if not isinstance(part, list) or len(part) not in (1, 2):
        return None
    if len(part) == 1:
        return 1
    return max(0, part[1]) if type(part[1]) is int else None


def _whole(value: Any) -> Any:
    """A float without a fraction is encoded as an integer, if 64 bits hold it."""
    if isinstance(value, dict):
        return {key: _whole(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_whole(member) for member in value]
    if isinstance(value, float) and value.is_integer() and -(2**63) <= value <= 2**64 - 1:
        return int(value)
    return value


def _affix(test: Callable[[str, str], bool]) -> Operator:
    def operate(_data: Any, *args: Any) -> bool | None:
        if len(args) != 2 or not all(isinstance(arg, str) for arg in args):
            return None
        return test(*args)

    return operate


def _version(value: Any) -> tuple[Any, ...] | None:
    """With missing parts as 0 and without a leading v; build metadata does not count."""
    text = str(value)
    text = text[1:] if text[:1] in ("v", "V") else text
    numbers = re.split(r"[-+]", text, maxsplit=1)[0]
    text = numbers + ".0" * (2 - numbers.count(".")) + text[len(numbers) :]
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    return (*map(int, match.group(1, 2, 3)), _prerelease(match[4]))


def _prerelease(text: str | None) -> tuple[Any, ...]:
    """A version with a prerelease precedes the one without; numbers precede names."""
    if text is None:
        return (1,)
    return 0, tuple(
        (0, int(part), "") if _DIGITS.fullmatch(part) else (1, 0, part) for part in text.split(".")
    )


_COMPARISONS: Mapping[Any, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "^": lambda a, b: a[0] == b[0],
    "~": lambda a, b: a[:2] == b[:2],
}


def sem_ver(_data: Any, *args: Any) -> bool | None:
    if len(args) != 3:
        return None
    a, b = _version(args[0]), _version(args[2])
    compare = _COMPARISONS.get(args[1]) if isinstance(args[1], str) else None
    return None if a is None or b is None or compare is None else compare(a, b)


FLAGD_OPERATORS: Mapping[str, Operator] = {
    "fractional": fractional,
    "sem_ver": sem_ver,
    "starts_with": _affix(str.startswith),
    "ends_with": _affix(str.endswith),
}
