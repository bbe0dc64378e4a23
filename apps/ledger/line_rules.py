"""Validation of the amounts of entry lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.errors import together
from apps.kernel.money import Money

from .commands import Line
from .errors import EntryUnbalanced, LineIsZero, TooFewLines
from .models import Entry, EntryLine


def lines_must_be_money(posted_on: dt.date, lines: Sequence[Line], settles: int = 0) -> list[Money]:
    """Exact amounts, none of them zero, of ISO 4217 currencies that were valid on the day, or that the posted entry
    `settles` has: what was booked in a currency is settled in it."""
    with together() as validation:
        amounts = [
            validation.check(line_must_be_money, number, line) for number, line in enumerate(lines, start=1)
        ]
        codes = {amount.currency.code for amount in amounts if amount}
        validation.check(currencies_must_be_valid_on, posted_on, codes - currencies_of(settles))
    return amounts


def currencies_of(entry_id: int) -> set[str]:
    """Of a posted entry; none for 0."""
    if not entry_id:
        return set()
    posted = EntryLine.objects.filter(entry_id=entry_id, entry__status=Entry.Status.POSTED)
    return set(posted.values_list("currency", flat=True))


def line_must_be_money(number: int, line: Line) -> Money:
    amount = Money.of(line.amount, line.currency)
    if amount.minor == 0:
        raise LineIsZero(line=number)
    return amount


def currencies_must_be_valid_on(posted_on: dt.date, codes: Iterable[str]) -> None:
    with together() as validation:
        for code in sorted(codes):
            validation.check(currency_must_be_valid_on, code, posted_on)


def lines_must_be_two(lines: int) -> None:
    if lines < 2:
        raise TooFewLines(lines=lines)


def lines_must_balance(amounts: Sequence[Money]) -> None:
    """In each currency debits equal credits, exactly."""
    lines_must_be_two(len(amounts))
    sums: dict[str, Money] = {}
    for amount in amounts:
        code = amount.currency.code
        sums[code] = sums[code] + amount if code in sums else amount
    with together() as validation:
        for difference in sums.values():
            validation.check(difference_must_be_zero, difference)


def difference_must_be_zero(difference: Money) -> None:
    if difference.minor:
        raise EntryUnbalanced(currency=difference.currency.code, difference=difference)
