"""Money: an exact number of minor units of one ISO 4217 currency. Never a float.

An amount may be of a withdrawn currency, so that old rows stay readable; what is written today is checked by
`currencies.currency_must_be_valid_on`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from .currencies import CURRENCIES, Currency, CurrencyUnknown, currency
from .errors import Invalid
from .notation.amounts import PLAIN, AmountMalformed, parse_amount

__all__ = [
    "CURRENCIES",
    "LARGEST",
    "AmountMalformed",
    "AmountTooLarge",
    "AmountTooPrecise",
    "CurrenciesDiffer",
    "Currency",
    "CurrencyUnknown",
    "Money",
    "currency",
]

LARGEST = 10**15
"""In minor units, either side of zero. A line is well within BIGINT; sums are `numeric` in SQL."""


class AmountTooPrecise(Invalid):
    message = _("{currency} has {digits} decimals, so {amount} cannot be an amount of it.")


class AmountTooLarge(Invalid):
    message = _("{amount} {currency} is beyond the largest amount that Bursar supports.")


class CurrenciesDiffer(Invalid):
    message = _("{left} and {right} cannot be added: exchange one first.")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`minor` units (signed) of `currency`: Money(1234, USD) is 12.34 dollars."""

    minor: int
    currency: Currency

    @classmethod
    def of(cls, amount: Decimal | int | str, code: str) -> Money:
        """From a decimal number in major units. Raises CurrencyUnknown, AmountMalformed, AmountTooPrecise
        or AmountTooLarge; never rounds."""
        unit = currency(code)
        exact = _decimal(amount)
        scaled = exact.scaleb(unit.digits)
        if scaled != scaled.to_integral_value():
            raise AmountTooPrecise(amount=amount, currency=code, digits=unit.digits)
        if abs(scaled) > LARGEST:
            raise AmountTooLarge(amount=amount, currency=code)
        return cls(int(scaled), unit)

    @property
    def amount(self) -> Decimal:
        """In major units, with all decimals of the currency."""
        return Decimal(self.minor).scaleb(-self.currency.digits)

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrenciesDiffer(left=self.currency.code, right=other.currency.code)
        return Money(self.minor + other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __str__(self) -> str:
        return f"{self.amount:,f} {self.currency.code}"


def _decimal(amount: Decimal | int | str) -> Decimal:
    if isinstance(amount, bool | float):
        raise AmountMalformed(text=repr(amount), form=str(PLAIN))
    return parse_amount(f"{amount:f}" if isinstance(amount, Decimal) else str(amount))
