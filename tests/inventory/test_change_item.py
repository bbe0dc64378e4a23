"""Changing, deactivating and reactivating items."""

from __future__ import annotations

import pytest

from apps.bus import dispatch
from apps.inventory.commands import ChangeItem, CountStock, DeactivateItem, ReactivateItem
from apps.inventory.errors import (
    ItemAlreadyInactive,
    ItemIsActive,
    ItemNameMissing,
    ItemUnknown,
    ReasonMissing,
    UnitMissing,
)
from apps.inventory.models import Item


@pytest.fixture
def bolt(shop):
    return Item.objects.get(sku="BOLT")


def test_a_change_leaves_the_other_fields_and_is_in_the_field_history(bolt, controller):
    dispatch(ChangeItem(item_id=bolt.pk, name="Bolt M9"), actor=controller)

    bolt.refresh_from_db()
    assert (bolt.name, bolt.unit) == ("Bolt M9", "piece")
    assert [row.name for row in bolt.history.order_by("history_id")] == ["Bolt M8", "Bolt M9"]


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (lambda pk: ChangeItem(item_id=pk, name=""), ItemNameMissing),
        (lambda pk: ChangeItem(item_id=pk, unit=" "), UnitMissing),
        (lambda _: ChangeItem(item_id=77, name="X"), ItemUnknown),
        (lambda pk: DeactivateItem(item_id=pk, reason=""), ReasonMissing),
        (lambda pk: ReactivateItem(item_id=pk, reason="x"), ItemIsActive),
    ],
)
def test_an_invalid_change_is_refused(bolt, controller, command, refusal):
    with pytest.raises(refusal):
        dispatch(command(bolt.pk), actor=controller)


def test_the_stock_of_an_inactive_item_is_counted(bolt, controller):
    dispatch(DeactivateItem(item_id=bolt.pk, reason="Sold out."), actor=controller)
    with pytest.raises(ItemAlreadyInactive):
        dispatch(DeactivateItem(item_id=bolt.pk, reason="Sold out."), actor=controller)

    assert dispatch(CountStock(sku="BOLT", quantity=3, reason="Recount."), actor=controller).on_hand == -7
    assert dispatch(ReactivateItem(item_id=bolt.pk, reason="Back."), actor=controller).is_active
