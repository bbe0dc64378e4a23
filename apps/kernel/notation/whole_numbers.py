"""Whole numbers as text: ids, counts, years, numbers of pages."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid

from .amounts import shortened

LARGEST_ID = 2**63 - 1
"""The largest value of PostgreSQL's BIGINT."""
_UNSIGNED = re.compile(r"[0-9]{1,19}")
_SIGNED = re.compile(r"-?[0-9]{1,19}")


class WholeNumberMalformed(Invalid):
    message = _("{text!r} is not a whole number: write digits only, such as 12.")


class WholeNumberOutOfRange(Invalid):
    message = _("{number} is not a number from {lowest} to {highest}.")


def parse_whole_number(text: str, *, lowest: int = 0, highest: int = LARGEST_ID) -> int:
    """The number; a minus is permitted only if `lowest` is below zero.

    Raises WholeNumberMalformed, WholeNumberOutOfRange.
    """
    if not (_SIGNED if lowest < 0 else _UNSIGNED).fullmatch(text):
        raise WholeNumberMalformed(text=shortened(text))
    number = int(text)
    if not lowest <= number <= highest:
        raise WholeNumberOutOfRange(number=number, lowest=lowest, highest=highest)
    return number


def is_whole_number(text: str) -> bool:
    """Whether the text is the number of a row, for texts that may be something else as well."""
    return bool(_UNSIGNED.fullmatch(text)) and int(text) <= LARGEST_ID
