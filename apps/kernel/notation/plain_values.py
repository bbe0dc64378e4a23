"""Entered JSON values of a dataclass, before they become its fields: pydantic reads 86400 as a date and "1_000" as a
number."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from apps.kernel.errors import Refusal

from .amounts import PLAIN, AmountMalformed, parse_amount, shortened
from .days import DayMalformed, InstantMalformed, parse_day, parse_instant
from .whole_numbers import LARGEST_ID, WholeNumberMalformed, WholeNumberOutOfRange


def malformed_values(shape: type[Any], values: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
    """The path and the refusal of each number, date and instant in another form than that of the API: integers are
    numbers, decimals, dates and instants are strings. Values of other types are not examined."""
    hints = get_type_hints(shape)
    for field in fields(shape):
        if field.name in values:
            yield from _malformed(hints[field.name], values[field.name], field.name)


def _malformed(hint: Any, value: Any, path: str) -> Iterator[tuple[str, Refusal]]:
    if get_origin(hint) in (Union, UnionType):
        if value is not None:
            (inner,) = (part for part in get_args(hint) if part is not NoneType)
            yield from _malformed(inner, value, path)
    elif get_origin(hint) in (tuple, list, Sequence) and isinstance(value, list):
        for number, member in enumerate(value):
            yield from _malformed(get_args(hint)[0], member, f"{path}.{number}")
    elif is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        yield from ((f"{path}.{inner}", refusal) for inner, refusal in malformed_values(hint, value))
    elif hint in _CHECKS:
        try:
            _CHECKS[hint](value)
        except Refusal as refusal:
            yield path, refusal


def _whole_number(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WholeNumberMalformed(text=shortened(str(value)))
    if abs(value) > LARGEST_ID:
        raise WholeNumberOutOfRange(number=shortened(str(value)), lowest=-LARGEST_ID, highest=LARGEST_ID)


def _amount(value: Any) -> None:
    if not isinstance(value, str):
        raise AmountMalformed(text=shortened(str(value)), form=str(PLAIN))
    parse_amount(value)


def _day(value: Any) -> None:
    if not isinstance(value, str):
        raise DayMalformed(text=shortened(str(value)))
    parse_day(value)


def _instant(value: Any) -> None:
    if not isinstance(value, str):
        raise InstantMalformed(text=shortened(str(value)))
    parse_instant(value)


_CHECKS: Mapping[Any, Callable[[Any], None]] = {
    int: _whole_number,
    Decimal: _amount,
    dt.date: _day,
    dt.datetime: _instant,
}
