"""Amounts and other decimal numbers as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Invalid

MAX_INTEGER_DIGITS = 19
MAX_DECIMALS = 12
MAX_SHOWN_LENGTH = 40
"""Of a refused text within the sentence of its refusal."""
DECIMAL_PATTERN = rf"^[+-]?[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\.[0-9]{{1,{MAX_DECIMALS}}})?$"
"""Of PLAIN with a sign, for documents of the API."""


class AmountMalformed(Invalid):
    message = _("{text!r} is not an amount: write {form}.")


class AmountHasSign(Invalid):
    message = _("{text!r} has a sign: write this amount without one.")


@dataclass(frozen=True, slots=True)
class AmountFormat:
    """The marks in an amount. `group_mark` separates groups of three digits, and is empty without grouping.

    Raises ValueError for marks that make amounts ambiguous.
    """

    decimal_mark: str = "."
    group_mark: str = ""

    def __post_init__(self) -> None:
        if len(self.decimal_mark) != 1 or len(self.group_mark) > 1 or self.decimal_mark == self.group_mark:
            raise ValueError("An amount has one decimal mark, and a group mark that differs from it or none.")
        if any(mark.isalnum() or mark in "+-" for mark in (self.decimal_mark, self.group_mark) if mark):
            raise ValueError("The marks of an amount are neither letters nor digits nor signs.")

    @property
    def example(self) -> str:
        """An amount in this form: 1234.50."""
        return f"1{self.group_mark}234{self.decimal_mark}50"

    def __str__(self) -> str:
        """The form as a part of a sentence."""
        sentence = str(_GROUPED if self.group_mark else _UNGROUPED)
        return sentence.format(decimal=self.decimal_mark, group=self.group_mark, example=self.example)


_UNGROUPED = _("digits, “{decimal}” for decimals and no grouping, such as {example}")
_GROUPED = _("digits, “{decimal}” for decimals and “{group}” between groups of three, such as {example}")
PLAIN = AmountFormat()
"""The form of programs and files, and of people until settings have formats."""


def parse_amount(text: str, form: AmountFormat = PLAIN, *, signed: bool = True) -> Decimal:
    """The number, with the decimals that are written. `signed` permits a sign before the digits.

    Raises AmountMalformed, AmountHasSign.
    """
    match = _pattern(form).fullmatch(text)
    if match is None:
        raise AmountMalformed(text=shortened(text), form=str(form))
    if match["sign"] and not signed:
        raise AmountHasSign(text=shortened(text))
    digits = match["digits"].replace(form.group_mark, "") if form.group_mark else match["digits"]
    if len(digits) > MAX_INTEGER_DIGITS:
        raise AmountMalformed(text=shortened(text), form=str(form))
    decimals = f".{match['decimals']}" if match["decimals"] else ""
    return Decimal(f"{match['sign']}{digits}{decimals}")


def shortened(text: str) -> str:
    return text[:MAX_SHOWN_LENGTH]


@cache
def _pattern(form: AmountFormat) -> re.Pattern[str]:
    decimal_mark, group_mark = re.escape(form.decimal_mark), re.escape(form.group_mark)
    digits = f"[0-9]{{1,{MAX_INTEGER_DIGITS}}}"
    if form.group_mark:
        digits = rf"[0-9]{{1,3}}(?:{group_mark}[0-9]{{3}})+|{digits}"
    return re.compile(
        rf"(?P<sign>[+-]?)(?P<digits>{digits})(?:{decimal_mark}(?P<decimals>[0-9]{{1,{MAX_DECIMALS}}}))?"
    )
