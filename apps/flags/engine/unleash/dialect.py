"""How Unleash places units and compares attributes, registered with the engine. Flags of its importer name both."""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

import mmh3

from ..bucketers import BUCKETERS
from ..definitions import Test
from ..extensions import OPERATORS_OF
from ..operators import OPERATORS, BadValue, Compare
from . import texts

BUCKETER, NAME = "unleash-1", "unleash"
DIALECT: Mapping[str, Any] = {"missing": True, "semver": "strict", "match": "any", "operators": NAME}
_VARIANTS_SEED = 86_028_157
_EPSILON = 2.0**-52  # numbers that differ by less are equal

Order = Callable[[Any, Any], bool]


class Unleash1:
    """murmur3-32 of `salt:unit`: modulo 100 of a percentage, and modulo the sum of the weights of variants."""

    def gate(self, salt: str, percentage: float, seed: int) -> Callable[[str], bool]:
        return lambda unit: self.bucket(salt, unit, seed) < percentage

    def chooser(self, salt: str, weights: Sequence[float], seed: int) -> Callable[[str], int | None]:
        limits = list(accumulate(map(int, weights)))
        if not limits or limits[-1] <= 0:
            return lambda unit: None
        total, seed = limits[-1], seed or _VARIANTS_SEED
        return lambda unit: bisect_left(limits, _hash(salt, unit, seed) % total + 1)

    def bucket(self, salt: str, unit: str, seed: int) -> int:
        return _hash(salt, unit, seed) % 100


def _hash(salt: str, unit: str, seed: int) -> int:
    return mmh3.hash(f"{salt}:{unit}", seed, False)


def text_of(value: Any) -> str | None:
    """Unleash compares texts only, and writes a number or boolean as JSON does."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return None if value is None or isinstance(value, (list, tuple, dict, set, frozenset)) else str(value)


def _by_text(name: str) -> Callable[[Test], Compare]:
    """The engine's own operator, of the attribute as text."""

    def make(test: Test) -> Compare:
        compare = OPERATORS[name](test)
        return lambda value: None if (text := text_of(value)) is None else compare(text)

    return make


def _affix(name: str, matches: Callable[[str, str], bool]) -> Callable[[Test], Compare]:
    """Ignoring case is comparing in lower case, so ß is not ss."""

    def make(test: Test) -> Compare:
        if not test.ignore_case:
            return _by_text(name)(test)
        parts = [
            _constant(value, text_of, "wrong_type", "text", i).lower() for i, value in enumerate(test.values)
        ]

        def compare(value: Any) -> bool | None:
            text = text_of(value)
            return None if text is None else any(matches(text.lower(), part) for part in parts)

        return compare

    return make


def _ordered(read: Callable[[str], Any], order: Order, code: str, noun: str) -> Callable[[Test], Compare]:
    def make(test: Test) -> Compare:
        if len(test.values) != 1:
            raise BadValue(code, f"{test.op} needs one value")
        bound = _constant(test.values[0], _reading(read), code, noun, 0)

        def compare(value: Any) -> bool | None:
            text = text_of(value)
            known = None if text is None else read(text)
            return None if known is None else order(known, bound)

        return compare

    return make


def _reading(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    return lambda value: None if (text := text_of(value)) is None else read(text)


def _constant(value: Any, read: Callable[[Any], Any], code: str, noun: str, index: int) -> Any:
    result = read(value)
    if result is None:
        raise BadValue(code, f"{value!r} is no {noun}", index)
    return result


def _cidr(test: Test) -> Compare:
    """An IPv4 address that is written as IPv6 is none of IPv4."""
    networks = [
        _constant(value, _reading(texts.network), "bad_address", "address or network", index)
        for index, value in enumerate(test.values)
    ]

    def compare(value: Any) -> bool | None:
        address = texts.address(text_of(value) or "")
        return None if address is None else any(address in network for network in networks)

    return compare


def _nearly_equal(a: float, b: float) -> bool:
    return abs(a - b) < _EPSILON


_ORDERS: Mapping[str, Order] = {
    "lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge,
}  # fmt: skip
_MOMENTS: Mapping[str, Order] = {
    "before": operator.lt, "after": operator.gt, "until": operator.le, "from": operator.ge, "at": operator.eq,
}  # fmt: skip

BUCKETERS[BUCKETER] = Unleash1()
OPERATORS_OF[NAME] = {
    **{name: _by_text(name) for name in ("in", "equals", "matches", "is_set")},
    "contains": _affix("contains", lambda text, part: part in text),
    "starts_with": _affix("starts_with", str.startswith),
    "ends_with": _affix("ends_with", str.endswith),
    "cidr": _cidr,
    **{name: _ordered(texts.number, order, "bad_number", "number") for name, order in _ORDERS.items()},
    "eq": _ordered(texts.number, _nearly_equal, "bad_number", "number"),
    **{
        f"semver_{name}": _ordered(texts.version, order, "bad_semver", "version")
        for name, order in _ORDERS.items()
    },
    "semver_eq": _ordered(texts.version, operator.eq, "bad_semver", "version"),
    **{name: _ordered(texts.instant, order, "bad_date", "instant") for name, order in _MOMENTS.items()},
}
