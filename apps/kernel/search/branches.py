"""Ways to match a word, beside texts: numbers, amounts, currencies, and rows of other models."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Model, Q

from apps.kernel.currencies import CURRENCIES
from apps.kernel.errors import Refusal
from apps.kernel.notation import LARGEST_ID, AmountFormat, is_whole_number, parse_amount

from .rows import Branch, Numbers, Request, Search, view_permission

SHOWN = AmountFormat(group_mark=",")
"""As pages show amounts. Without its groups it is the plain form."""
_DIGITS = frozenset("0123456789")


def numbered(prefix: str, column: str = "pk") -> Numbers:
    """Numbers such as SO-12: the prefix alone matches every row, and digits match each number that begins with them."""

    def beginning(request: Request) -> Q | None:
        digits = _behind(prefix, request.word)
        if digits is None:
            return None
        return beginning_with(digits, column) if digits else Q(pk__isnull=False)

    def exact(word: str) -> Q | None:
        digits = _behind(prefix, word)
        return Q(**{column: int(digits)}) if digits and is_whole_number(digits) else None

    return Numbers(beginning, exact)


def beginning_with(digits: str, column: str = "pk") -> Q | None:
    """The whole numbers that begin with these digits; zeros before them count for nothing."""
    if not digits or not _DIGITS.issuperset(digits) or not int(digits):
        return None
    number, matching = int(digits), Q()
    lowest, highest = number, number
    while lowest <= LARGEST_ID:
        matching |= Q(**{f"{column}__range": (lowest, min(highest, LARGEST_ID))})
        lowest, highest = lowest * 10, highest * 10 + 9
    return matching or None


def amounts(*columns: str, currency: str = "currency") -> Branch:
    """Amounts in minor units, and their currency. The sign of the amount does not matter."""

    def branch(request: Request) -> Q | None:
        if request.word.upper() in CURRENCIES:
            return Q(**{currency: request.word.upper()})
        try:
            amount = abs(parse_amount(request.word, SHOWN))
        except Refusal:
            return None
        matching = Q()
        for digits in sorted({known.digits for known in CURRENCIES.values()}):
            minor = amount.scaleb(digits)
            if minor == minor.to_integral_value() and minor <= LARGEST_ID:
                matching |= _of_currencies(digits, minor, columns, currency)
        return matching or None

    return branch


def related(path: str, model: type[Model], search: Search) -> Branch:
    """Rows that refer to a row of the model by `path` which matches the word, for users who may view those rows."""

    def branch(request: Request) -> Q | None:
        if not request.may(view_permission(model)):
            return None
        rows = model._base_manager.using(request.database).order_by()
        return Q(**{f"{path}__in": search.rows(rows, request.word, request.may).values("pk")})

    return branch


def _behind(prefix: str, word: str) -> str | None:
    """What the word has behind the prefix, which may be missing. None for a word of another form."""
    digits = word.upper().removeprefix(prefix.upper()).removeprefix("-")
    return digits if not digits or _DIGITS.issuperset(digits) else None


def _of_currencies(digits: int, minor: Decimal, columns: Sequence[str], currency: str) -> Q:
    codes = [known.code for known in CURRENCIES.values() if known.digits == digits]
    matching = Q()
    for column in columns:
        matching |= Q(**{f"{column}__in": [int(minor), -int(minor)]})
    return matching & Q(**{f"{currency}__in": codes})
