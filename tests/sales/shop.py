"""Words of these tests."""

from __future__ import annotations

from decimal import Decimal

from apps.inventory.models import Stock
from apps.ledger import queries as ledger
from apps.sales.commands import Ordered, PlaceOrder


def ordered(card: str = "tok_ok", *, provider: str = "sandbox", **quantities: int) -> PlaceOrder:
    """Bolts at 1.50 and nuts at 0.25: four bolts and two nuts unless told otherwise, 6.50 in all."""
    prices = {"BOLT": Decimal("1.50"), "NUT": Decimal("0.25")}
    return PlaceOrder(
        customer="HOOLI",
        currency="USD",
        provider=provider,
        token=card,
        lines=tuple(
            Ordered(sku, quantity, prices[sku])
            for sku, quantity in (quantities or {"BOLT": 4, "NUT": 2}).items()
        ),
    )


def stock() -> dict[str, tuple[int, int]]:
    """On hand and reserved, by code."""
    return {each.item.sku: (each.on_hand, each.reserved) for each in Stock.objects.select_related("item")}


def balances() -> dict[str, Decimal]:
    """Of each account that moved, by code; debit positive."""
    return {row.code: row.closing for row in ledger.trial_balance(by="total") if row.closing or row.debit}
