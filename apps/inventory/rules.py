"""Validation of stock and reservations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.kernel.errors import together
from apps.kernel.text import is_visible

from .commands import ItemQuantity
from .errors import (
    CountBelowReserved,
    CountNegative,
    InsufficientStock,
    ItemAlreadyInactive,
    ItemDuplicated,
    ItemIsActive,
    ItemNameMissing,
    ItemUnknown,
    QuantityNotPositive,
    ReferenceMissing,
    ReservationDiffers,
    ReservationIsEmpty,
    ReservationIsFulfilled,
    ReservationIsReleased,
    ReservationUnknown,
    Shortage,
    SkuTaken,
    UnitMissing,
)
from .models import Item, Reservation, Stock


def item_must_be_new(sku: str, name: str) -> None:
    if not is_visible(sku) or not is_visible(name):
        raise ItemNameMissing
    if Item.objects.filter(sku__iexact=sku).exists():
        raise SkuTaken(sku=sku)


def item_must_be_named(name: str) -> None:
    if not is_visible(name):
        raise ItemNameMissing


def unit_must_be_named(unit: str) -> None:
    if not is_visible(unit):
        raise UnitMissing


def item_must_exist_for_change(item_id: int) -> Item:
    """Locks the item until the end of the transaction."""
    item = Item.objects.select_for_update(no_key=True).filter(pk=item_id).first()
    if item is None:
        raise ItemUnknown(item=item_id)
    return item


def item_must_be_active(item: Item) -> None:
    if not item.is_active:
        raise ItemAlreadyInactive(item=item.sku)


def item_must_be_inactive(item: Item) -> None:
    if item.is_active:
        raise ItemIsActive(item=item.sku)


def item_must_exist(sku: str) -> Item:
    """Locks the item until the end of the transaction, so that changes of its stock are serialised."""
    return items_must_exist([sku])[sku]


def items_must_exist(skus: Sequence[str]) -> dict[str, Item]:
    """The items by code, locked until the end of the transaction. All transactions lock items in the order of their
    ids, which avoids deadlocks."""
    locked = Item.objects.select_for_update(no_key=True).filter(sku__in=skus).order_by("id")
    items = {item.sku: item for item in locked}
    with together() as validation:
        for sku in sorted(set(skus)):
            validation.check(item_must_be_found, sku, items)
    return items


def item_must_be_found(sku: str, items: Mapping[str, Item]) -> None:
    if sku not in items:
        raise ItemUnknown(item=sku)


def quantity_must_be_positive(quantity: int) -> None:
    if quantity <= 0:
        raise QuantityNotPositive(quantity=quantity)


def count_must_cover_reservations(item: Item, quantity: int) -> int:
    """The difference between the count and the stock; negative if goods are missing."""
    if quantity < 0:
        raise CountNegative(quantity=quantity)
    stock = Stock.objects.get(item=item)
    if quantity < stock.reserved:
        raise CountBelowReserved(sku=item.sku, reserved=stock.reserved, quantity=quantity)
    return quantity - stock.on_hand


# Reservations


def reservation_must_be_valid(reference: str, lines: Sequence[ItemQuantity]) -> dict[str, Item]:
    """The items by code: a reference is given, the items exist, each is on one line, and quantities are positive."""
    with together() as validation:
        validation.check(reference_must_be_given, reference)
        validation.check(items_must_be_unique, lines)
        for line in lines:
            validation.check(quantity_must_be_positive, line.quantity)
        return validation.check(items_must_exist, [line.sku for line in lines])


def reference_must_be_given(reference: str) -> None:
    if not is_visible(reference):
        raise ReferenceMissing


def items_must_be_unique(lines: Sequence[ItemQuantity]) -> None:
    if not lines:
        raise ReservationIsEmpty
    skus = [line.sku for line in lines]
    with together() as validation:
        for sku in sorted({sku for sku in skus if skus.count(sku) > 1}):
            validation.check(item_must_not_be_duplicated, sku)


def item_must_not_be_duplicated(sku: str) -> None:
    raise ItemDuplicated(sku=sku)


def reservation_must_not_differ(reference: str, lines: Sequence[ItemQuantity]) -> Reservation | None:
    """The existing reservation for the reference, if any: it has the same goods and is not released."""
    reservation = Reservation.objects.filter(reference=reference).first()
    if reservation is None:
        return None
    reserved = {line.item.sku: line.quantity for line in reservation.lines.select_related("item")}
    if reserved != {line.sku: line.quantity for line in lines}:
        raise ReservationDiffers(reference=reference)
    if reservation.state == Reservation.State.RELEASED:
        raise ReservationIsReleased(reference=reference)
    return reservation


def stock_must_suffice(items: Mapping[str, Item], lines: Sequence[ItemQuantity]) -> None:
    """All short items are refused together."""
    available = {stock.item_id: stock.available for stock in Stock.objects.filter(item__in=items.values())}
    shortages = [
        Shortage(line.sku, line.quantity, available[items[line.sku].pk])
        for line in lines
        if line.quantity > available[items[line.sku].pk]
    ]
    if shortages:
        raise InsufficientStock(shortages)


def reservation_must_exist(reservation_id: int) -> Reservation:
    """Locks the reservation until the end of the transaction."""
    reservation = Reservation.objects.select_for_update().filter(pk=reservation_id).first()
    if reservation is None:
        raise ReservationUnknown(reservation_id=reservation_id)
    return reservation


def reservation_must_not_be_fulfilled(reservation: Reservation) -> None:
    if reservation.state == Reservation.State.FULFILLED:
        raise ReservationIsFulfilled(reference=reservation.reference)


def reservation_must_not_be_released(reservation: Reservation) -> None:
    if reservation.state == Reservation.State.RELEASED:
        raise ReservationIsReleased(reference=reservation.reference)
