"""A shop with bolts and nuts in stock: its orders, stock and account balances."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.inventory.commands import AddItem, ReceiveStock
from apps.inventory.models import Stock
from apps.kernel.tenant import TenantInfo
from apps.ledger import queries as ledger
from apps.sales.commands import AddCustomer, OrderedItem, PlaceOrder, SetUpSales
from apps.sales.models import Customer


def ordered(card: str = "tok_ok", *, provider: str = "sandbox", **quantities: int) -> PlaceOrder:
    """Bolts at 1.50 and nuts at 0.25: four bolts and two nuts by default, 6.50 in total."""
    prices = {"BOLT": Decimal("1.50"), "NUT": Decimal("0.25")}
    return PlaceOrder(
        customer="HOOLI",
        currency="USD",
        provider=provider,
        token=card,
        lines=tuple(
            OrderedItem(sku, quantity, prices[sku])
            for sku, quantity in (quantities or {"BOLT": 4, "NUT": 2}).items()
        ),
    )


def stock() -> dict[str, tuple[int, int]]:
    """On hand and reserved, by code."""
    return {stock.item.sku: (stock.on_hand, stock.reserved) for stock in Stock.objects.select_related("item")}


def balances() -> dict[str, Decimal]:
    """The balance of each account with postings, by code; debit positive."""
    return {row.code: row.closing for row in ledger.trial_balance(by="total") if row.closing or row.debit}


@pytest.fixture
def shop(at_acme: TenantInfo, controller: User) -> Customer:
    """Accounts, ten bolts and five nuts, and the customer HOOLI, in the tenant acme."""
    dispatch(SetUpSales(), actor=controller)
    for sku, name, quantity in (("BOLT", "Bolt M8", 10), ("NUT", "Nut M8", 5)):
        dispatch(AddItem(sku=sku, name=name), actor=controller)
        dispatch(ReceiveStock(sku=sku, quantity=quantity), actor=controller)
    customer: Customer = dispatch(
        AddCustomer(
            code="HOOLI",
            name="Hooli Inc.",
            email="ap@hooli.example",
            address="1 Hooli Way\nPalo Alto, CA 94301\nUSA",
        ),
        actor=controller,
    )
    return customer
