from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.inventory.commands import AddItem, ReceiveStock
from apps.kernel.tenant import TenantInfo
from apps.sales.commands import AddCustomer, SetUpSales
from apps.sales.models import Customer


@pytest.fixture
def shop(at_acme: TenantInfo, controller: User) -> Customer:
    """Accounts, ten bolts and five nuts, and the customer HOOLI; the test happens in acme."""
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
