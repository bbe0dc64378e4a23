"""What is searched in customers, orders and invoices."""

from __future__ import annotations

import re

from django.db.models import Q

from apps.kernel.search import Numbers, Request, Search, amounts, beginning_with, numbered, related

from .models import Customer, Order

CUSTOMERS = Search(texts=("code", "name", "email"))
ORDERS = Search(
    numbers=numbered("SO"),
    branches=(amounts("amount_minor"), related("customer", Customer, CUSTOMERS)),
)
NUMBERS_AND_CUSTOMERS = Search(numbers=numbered("SO"), branches=(related("customer", Customer, CUSTOMERS),))
"""Of orders to which rows of other apps refer, and with amounts of their own."""
_OF_YEAR = re.compile(r"(?:INV-)?(?P<year>[0-9]{4})-(?P<digits>[0-9]{0,6})", re.IGNORECASE)
_NUMBER_LENGTH = 6


_OF_ANY_YEAR = numbered("INV", "number")


def _invoices_beginning_with(request: Request) -> Q | None:
    """INV-2026-000012 and its beginnings: behind the year, a number has zeros before it."""
    match = _OF_YEAR.fullmatch(request.word)
    if match is None:
        return _OF_ANY_YEAR.beginning(request)
    digits, missing = match["digits"], _NUMBER_LENGTH - len(match["digits"])
    lowest = int(digits or 0) * 10**missing
    numbers = Q(number__range=(lowest, lowest + 10**missing - 1))
    return Q(year=match["year"]) & (numbers | (beginning_with(digits, "number") or Q(pk__in=[])))


def _invoice_with_number(word: str) -> Q | None:
    match = _OF_YEAR.fullmatch(word)
    if match is None or not match["digits"]:
        return _OF_ANY_YEAR.exact(word)
    return Q(year=match["year"], number=int(match["digits"]))


INVOICES = Search(
    numbers=Numbers(_invoices_beginning_with, _invoice_with_number),
    texts=("customer_name",),
    branches=(amounts("amount_minor"), related("order", Order, NUMBERS_AND_CUSTOMERS)),
)
