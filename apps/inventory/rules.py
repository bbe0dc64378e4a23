"""What must be true of stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.kernel.errors import together

from .commands import ItemQuantity
from .errors import (
    CountBelowReserved,
    CountNegative,
    InsufficientStock,
    ItemDuplicated,
    ItemNameMissing,
    ItemUnknown,
    NothingToReserve,
    QuantityNotPositive,
    ReasonMissing,
    ReferenceMissing,
    ReservationDiffers,
    ReservationIsFulfilled,
    ReservationIsReleased,
    ReservationUnknown,
    Shortage,
    SkuTaken,
)
from .models import Item, Reservation, Stock


def item_must_be_new(sku: str, name: str) -> None:
    if not sku.strip() or not name.strip():
        raise ItemNameMissing
    if Item.objects.filter(sku=sku).exists():
        raise SkuTaken(sku=sku)


def item_must_exist(sku: str) -> Item:
    """Held until the end of the transaction: whoever changes its stock waits."""
    return items_must_exist([sku])[sku]


def items_must_exist(skus: Sequence[str]) -> dict[str, Item]:
    """By code, and held until the end of the transaction. Everybody holds items in the same order, so that two who
    want the same never wait for each other."""
    held = Item.objects.select_for_update(no_key=True).filter(sku__in=skus).order_by("id")
    found = {each.sku: each for each in held}
    with together() as validation:
        for sku in sorted(set(skus)):
            validation.check(item_must_be_found, sku, found)
    return found


def item_must_be_found(sku: str, found: Mapping[str, Item]) -> None:
    if sku not in found:
        raise ItemUnknown(item=sku)


def quantity_must_be_positive(quantity: int) -> None:
    if quantity <= 0:
        raise QuantityNotPositive(quantity=quantity)


def count_must_cover_reservations(item: Item, quantity: int) -> int:
    """How many more there are than the books say; negative when some are missing."""
    if quantity < 0:
        raise CountNegative(quantity=quantity)
    stock = Stock.objects.get(item=item)
    if quantity < stock.reserved:
        raise CountBelowReserved(sku=item.sku, reserved=stock.reserved, quantity=quantity)
    return quantity - stock.on_hand


def reason_must_be_given(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing


# Reservations


def reservation_must_be_valid(reference: str, lines: Sequence[ItemQuantity]) -> dict[str, Item]:
    """It says what it is for, and names items that are there, each once, in positive quantities."""
    with together() as validation:
        validation.check(reference_must_be_given, reference)
        validation.check(items_must_be_unique, lines)
        for line in lines:
            validation.check(quantity_must_be_positive, line.quantity)
        return validation.check(items_must_exist, [line.sku for line in lines])


def reference_must_be_given(reference: str) -> None:
    if not reference.strip():
        raise ReferenceMissing


def items_must_be_unique(lines: Sequence[ItemQuantity]) -> None:
    if not lines:
        raise NothingToReserve
    skus = [line.sku for line in lines]
    with together() as validation:
        for sku in sorted({each for each in skus if skus.count(each) > 1}):
            validation.check(item_must_not_be_named_twice, sku)


def item_must_not_be_named_twice(sku: str) -> None:
    raise ItemDuplicated(sku=sku)


def reservation_must_not_differ(reference: str, lines: Sequence[ItemQuantity]) -> Reservation | None:
    """The reservation that is there for the reference, if any: it is of the same goods, and not released."""
    reservation = Reservation.objects.filter(reference=reference).first()
    if reservation is None:
        return None
    held = {line.item.sku: line.quantity for line in reservation.lines.select_related("item")}
    if held != {line.sku: line.quantity for line in lines}:
        raise ReservationDiffers(reference=reference)
    if reservation.state == Reservation.State.RELEASED:
        raise ReservationIsReleased(reference=reference)
    return reservation


def stock_must_suffice(items: Mapping[str, Item], lines: Sequence[ItemQuantity]) -> None:
    """Every short item is named at once."""
    free = {stock.item_id: stock.free for stock in Stock.objects.filter(item__in=items.values())}
    short = [
        Shortage(line.sku, line.quantity, free[items[line.sku].pk])
        for line in lines
        if line.quantity > free[items[line.sku].pk]
    ]
    if short:
        raise InsufficientStock(short)


def reservation_must_exist(reservation_id: int) -> Reservation:
    """Held until the end of the transaction."""
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
