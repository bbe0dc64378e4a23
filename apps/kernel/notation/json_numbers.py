"""Numbers that another system sent in JSON, as `apps.kernel.strict_json` returned them."""

from __future__ import annotations

from decimal import Decimal

from .amounts import PLAIN, AmountMalformed, parse_amount, shortened
from .whole_numbers import LARGEST_ID, WholeNumberMalformed, WholeNumberOutOfRange, parse_whole_number


def amount_in_json(value: object) -> Decimal:
    """The amount that another system sent, as a string or as an exact number. Raises AmountMalformed."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise AmountMalformed(text=shortened(repr(value)), form=str(PLAIN))
    return parse_amount(value if isinstance(value, str) else str(value))


def whole_number_in_json(value: object) -> int:
    """The id or count that another system sent, as a number or a string of digits.

    Raises WholeNumberMalformed, WholeNumberOutOfRange.
    """
    if isinstance(value, str):
        return parse_whole_number(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise WholeNumberMalformed(text=shortened(repr(value)))
    if not 0 <= value <= LARGEST_ID:
        raise WholeNumberOutOfRange(number=shortened(str(value)), lowest=0, highest=LARGEST_ID)
    return value
