"""Types of the arguments of management commands: `parser.add_argument("--limit", type=whole_number(lowest=1))`."""

from __future__ import annotations

import datetime as dt
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any, TypeVar

from apps.kernel import strict_json
from apps.kernel.errors import Refusal

from .days import parse_day, parse_instant
from .whole_numbers import LARGEST_ID, parse_whole_number

T = TypeVar("T")


def whole_number(*, lowest: int = 0, highest: int = LARGEST_ID) -> Callable[[str], int]:
    return lambda text: _parsed(lambda: parse_whole_number(text, lowest=lowest, highest=highest))


def day(text: str) -> dt.date:
    return _parsed(lambda: parse_day(text))


def instant(text: str) -> dt.datetime:
    """Without an offset, in UTC."""
    return _parsed(lambda: parse_instant(text))


def json_value(text: str) -> Any:
    try:
        return strict_json.loads(text)
    except strict_json.NotStrictJSON as error:
        raise ArgumentTypeError(f"this is not JSON: {error}") from None


def _parsed(parse: Callable[[], T]) -> T:
    """argparse writes the sentence of the refusal behind the name of the argument, and exits with 2."""
    try:
        return parse()
    except Refusal as refusal:
        raise ArgumentTypeError(str(refusal)) from None
