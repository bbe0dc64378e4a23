"""Currencies of ISO 4217, those that were withdrawn included.

Minor units come from ISO 4217's own list (package `iso4217`); CLDR, and so babel, differs for 13 codes
(IQD has 3 there 0). That list has active codes only, so `withdrawn_currencies.csv` has the others: codes and months
from list three of the standard (historic denominations, published by SIX), decimals from OpenJDK's `Currency`.
Where the list names the last month of use instead of the first month after it, the file has the first day after it.

Reading never refuses a withdrawn currency; writing is judged by the day of what is written.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import iso4217
from django.utils.translation import gettext_lazy as _

from .errors import Invalid

WITHDRAWN_FILE = Path(__file__).parent / "withdrawn_currencies.csv"


class CurrencyUnknown(Invalid):
    message = _("{code!r} is not an ISO 4217 currency.")
    enforced_by = ("currency_existed",)


class CurrencyWithdrawn(Invalid):
    message = _("{code} was withdrawn on {withdrawn_on}, so it cannot be used for {day}.")


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency: `code` as in "USD", `digits` the decimals of its minor unit (JPY 0, KWD 3), `withdrawn_on` the first
    day on which it was no longer valid, None for an active one."""

    code: str
    digits: int
    name: str
    withdrawn_on: dt.date | None = None

    def __str__(self) -> str:
        return self.code


def _withdrawn() -> Iterator[Currency]:
    with WITHDRAWN_FILE.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            withdrawn_on = dt.date.fromisoformat(row["withdrawn_on"])
            yield Currency(row["code"], int(row["digits"]), row["name"], withdrawn_on)


WITHDRAWN: dict[str, Currency] = {currency.code: currency for currency in _withdrawn()}

CURRENCIES: dict[str, Currency] = {
    entry.code: Currency(entry.code, entry.exponent, entry.currency_name)
    for entry in iso4217.Currency
    if entry.exponent is not None  # gold, drawing rights and the like have no minor unit
    and entry.code not in WITHDRAWN
}
"""The active currencies, for a choice."""

ALL: dict[str, Currency] = CURRENCIES | WITHDRAWN
"""Every currency that an old row may have."""


def currency(code: str) -> Currency:
    """For reading: active or withdrawn. Raises CurrencyUnknown for a code that was never a currency."""
    try:
        return ALL[code]
    except KeyError:
        raise CurrencyUnknown(code=code) from None


def currency_must_be_valid_on(code: str, day: dt.date) -> Currency:
    """For writing. Raises CurrencyUnknown, or CurrencyWithdrawn if the currency was withdrawn by the day."""
    known = currency(code)
    if known.withdrawn_on is not None and known.withdrawn_on <= day:
        raise CurrencyWithdrawn(code=code, withdrawn_on=known.withdrawn_on, day=day)
    return known
