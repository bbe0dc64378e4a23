from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.identity.models import User
from apps.inventory.commands import AddItem, ReceiveStock
from apps.inventory.models import Item
from apps.kernel.tenant import TenantInfo


@pytest.fixture
def shelf(at_acme: TenantInfo, accountant: User) -> dict[str, Item]:
    """Ten bolts and five nuts in stock of the tenant acme."""
    items = {}
    for sku, name, quantity in (("BOLT", "Bolt M8", 10), ("NUT", "Nut M8", 5)):
        items[sku] = dispatch(AddItem(sku=sku, name=name), actor=accountant)
        dispatch(ReceiveStock(sku=sku, quantity=quantity), actor=accountant)
    return items
