"""Operators of conditions: each makes a function of an attribute's value, once, from the values in the document.

A test of a list of values holds if it holds for one of them. A value that cannot be compared counts as missing, so a
comparison with it is false, also when negated (unless the dialect says otherwise). An operator raises ValueError with a
problem's code and message for values that it does not understand.
"""

from __future__ import annotations

import ipaddress
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import re2

from . import moments, semver
from .definitions import Test
from .extensions import OPERATORS_OF

Compare = Callable[[Any], "bool | None"]  # None: not comparable
_MAX_PATTERN_LENGTH = 1_000
_MAX_NUMBER_LENGTH = 64


class BadValue(ValueError):
    """`index` is that of the value in the document."""

    def __init__(self, code: str, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.code, self.index = code, index


def test_of(test: Test) -> Callable[[Any], bool]:
    """A function of the attribute's value, which is None if it is missing."""
    compare, negate, missing = (
        operators_of(test.operators)[test.op](test),
        test.negate,
        test.missing and test.negate,
    )
    if test.op == "is_set":
        return lambda value: (value is not None) is not negate

    def holds(value: Any) -> bool:
        if isinstance(value, (list, tuple, set, frozenset)):
            results = [result for part in value if (result := compare(part)) is not None]
            return missing if not results else any(results) is not negate
        result = None if value is None else compare(value)
        return missing if result is None else result is not negate

    return holds


def operators_of(dialect: str) -> Mapping[str, Callable[[Test], Compare]]:
    return OPERATORS_OF[dialect] if dialect else OPERATORS


def _texts(test: Test) -> list[str]:
    for index, value in enumerate(test.values):
        if not isinstance(value, str):
            raise BadValue("wrong_type", "text is needed here", index)
    return [value.casefold() if test.ignore_case else value for value in test.values]


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, UUID) else None


def _by_text(matches: Callable[[Sequence[str]], Callable[[str], bool]]) -> Callable[[Test], Compare]:
    def make(test: Test) -> Compare:
        match, ignore_case = matches(_texts(test)), test.ignore_case

        def compare(value: Any) -> bool | None:
            text = _text(value)
            return None if text is None else match(text.casefold() if ignore_case else text)

        return compare

    return make


def _in(test: Test) -> Compare:
    """Equality by type: text with text, numbers with numbers, booleans with booleans."""
    for index, value in enumerate(test.values):
        if not isinstance(value, (str, bool, int, float)):
            raise BadValue("wrong_type", "a text, a number or a boolean is needed here", index)
    wanted = {_typed(value, test.ignore_case) for value in test.values}

    def compare(value: Any) -> bool | None:
        typed = _typed(value, test.ignore_case)
        return None if typed is None else typed in wanted

    return compare


def _typed(value: Any, ignore_case: bool) -> tuple[str, Any] | None:
    if isinstance(value, bool):
        return "boolean", value
    if (text := _text(value)) is not None:
        return "text", text.casefold() if ignore_case else text
    if isinstance(value, (int, float, Decimal)):
        exact = decimal_of(value)
        return None if exact is None else ("number", exact)
    return ("text", value.isoformat()) if isinstance(value, date) else None


def _matches(test: Test) -> Compare:
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = not test.ignore_case
    options.max_mem = 1 << 20
    patterns = []
    for index, text in enumerate(_texts(Test(test.attribute, test.op, test.values))):
        if len(text) > _MAX_PATTERN_LENGTH:
            raise BadValue("bad_regex", f"a pattern has at most {_MAX_PATTERN_LENGTH} characters", index)
        try:
            patterns.append(re2.compile(text, options))
        except (re2.error, UnicodeError) as error:
            raise BadValue("bad_regex", f"{text!r} is no pattern of RE2: {_reason(error)}", index) from error

    def compare(value: Any) -> bool | None:
        text = _text(value)
        return None if text is None else any(pattern.search(text) is not None for pattern in patterns)

    return compare


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)


def decimal_of(value: Any) -> Decimal | None:
    """The number that is written, so that 0.1 is equal to Decimal("0.1"); None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    if isinstance(value, str) and (len(value) > _MAX_NUMBER_LENGTH or "_" in value):
        return None
    try:
        exact = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


Order = Callable[[Any, Any], bool]


def _single(test: Test, read: Callable[[Any], Any], code: str, noun: str) -> Any:
    if len(test.values) != 1:
        raise BadValue(code, f"{test.op} needs one value")
    return _read(test.values[0], read, code, noun, 0)


def _read(value: Any, read: Callable[[Any], Any], code: str, noun: str, index: int) -> Any:
    result = read(value)
    if result is None:
        raise BadValue(code, f"{value!r} is no {noun}", index)
    return result


def _number(order: Order) -> Callable[[Test], Compare]:
    def make(test: Test) -> Compare:
        bound = _single(test, decimal_of, "bad_number", "number")
        return lambda value: None if (number := decimal_of(value)) is None else order(number, bound)

    return make


def _number_equal(test: Test) -> Compare:
    wanted = {_read(v, decimal_of, "bad_number", "number", i) for i, v in enumerate(test.values)}
    return lambda value: None if (number := decimal_of(value)) is None else number in wanted


def _between(test: Test) -> Compare:
    if len(test.values) != 2:
        raise BadValue("bad_number", "between needs two numbers")
    low, high = (_read(v, decimal_of, "bad_number", "number", i) for i, v in enumerate(test.values))
    if low > high:
        raise BadValue("bad_number", f"{low} is larger than {high}", 0)
    return lambda value: None if (number := decimal_of(value)) is None else low <= number <= high


def _moment(order: Order) -> Callable[[Test], Compare]:
    def make(test: Test) -> Compare:
        bound: date | datetime = _single(test, moments.parse, "bad_date", "ISO date or instant")

        def compare(value: Any) -> bool | None:
            moment = moments.parse(value)
            return None if moment is None else order(moments.comparable(moment, bound), bound)

        return compare

    return make


def _version(order: Order) -> Callable[[Test], Compare]:
    def make(test: Test) -> Compare:
        loose = test.loose
        versions = [
            _read(value, lambda text: semver.parse(text, loose=loose), "bad_semver", "version", index)
            for index, value in enumerate(test.values)
        ]

        def compare(value: Any) -> bool | None:
            version = semver.parse(value, loose=loose)
            return None if version is None else any(order(version, bound) for bound in versions)

        return compare

    return make


def _cidr(test: Test) -> Compare:
    networks = [_read(v, _network, "bad_address", "address or network", i) for i, v in enumerate(test.values)]

    def compare(value: Any) -> bool | None:
        address = _address(value)
        return None if address is None else any(address in network for network in networks)

    return compare


def _network(value: Any) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        return None


def _address(value: Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is an IPv4 address."""
    if not isinstance(value, (str, ipaddress.IPv4Address, ipaddress.IPv6Address)):
        return None
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


OPERATORS: Mapping[str, Callable[[Test], Compare]] = {
    "in": _in,
    "equals": _in,
    "contains": _by_text(lambda parts: lambda text: any(part in text for part in parts)),
    "starts_with": _by_text(lambda parts: lambda text: text.startswith(tuple(parts))),
    "ends_with": _by_text(lambda parts: lambda text: text.endswith(tuple(parts))),
    "matches": _matches,
    "eq": _number_equal,
    "lt": _number(operator.lt),
    "lte": _number(operator.le),
    "gt": _number(operator.gt),
    "gte": _number(operator.ge),
    "between": _between,
    "before": _moment(operator.lt),
    "after": _moment(operator.gt),
    "semver_eq": _version(operator.eq),
    "semver_lt": _version(operator.lt),
    "semver_lte": _version(operator.le),
    "semver_gt": _version(operator.gt),
    "semver_gte": _version(operator.ge),
    "cidr": _cidr,
    "is_set": lambda test: lambda value: True,
}
