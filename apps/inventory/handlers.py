"""Handlers of the commands of inventory. They insert stock movements; a trigger updates the stock."""

from __future__ import annotations

from apps.bus import handles
from apps.bus.edits import changes_in, edits_columns
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given

from . import rules
from .commands import (
    AddItem,
    ChangeItem,
    CountStock,
    DeactivateItem,
    FulfilReservation,
    ReactivateItem,
    ReceiveStock,
    ReleaseStock,
    ReserveStock,
)
from .errors import ReasonMissing
from .events import StockDelivered, StockReleased, StockReserved
from .models import Item, Reservation, ReservationLine, StockMove

Kind, State = StockMove.Kind, Reservation.State


@handles(AddItem)
def add_item(command: AddItem) -> Item:
    rules.item_must_be_new(command.sku, command.name)

    return Item.objects.create(sku=command.sku, name=command.name, unit=command.unit)


@handles(ChangeItem, edits=edits_columns(Item, "item_id", "name", "unit"))
def change_item(command: ChangeItem) -> Item:
    item = rules.item_must_exist_for_change(command.item_id)
    changed = changes_in(command, "name", "unit")
    with together() as validation:
        validation.check(rules.item_must_be_named, changed.get("name", item.name))
        validation.check(rules.unit_must_be_named, changed.get("unit", item.unit))

    item.change(**changed)
    return item


@handles(DeactivateItem)
def deactivate_item(command: DeactivateItem) -> Item:
    item = rules.item_must_exist_for_change(command.item_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.item_must_be_active, item)

    item.change(is_active=False)
    return item


@handles(ReactivateItem)
def reactivate_item(command: ReactivateItem) -> Item:
    item = rules.item_must_exist_for_change(command.item_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.item_must_be_inactive, item)

    item.change(is_active=True)
    return item


@handles(ReceiveStock)
def receive_stock(command: ReceiveStock) -> StockMove:
    with together() as validation:
        validation.check(rules.quantity_must_be_positive, command.quantity)
        item = validation.check(rules.item_must_exist, command.sku)

    return StockMove.objects.create(
        item=item, kind=Kind.RECEIVED, on_hand=command.quantity, reference=command.reference, at=now()
    )


@handles(CountStock)
def count_stock(command: CountStock) -> StockMove:
    reason_must_be_given(command.reason, ReasonMissing)
    item = rules.item_must_exist(command.sku)
    difference = rules.count_must_cover_reservations(item, command.quantity)

    return StockMove.objects.create(
        item=item, kind=Kind.COUNTED, on_hand=difference, reason=command.reason, at=now()
    )


@handles(ReserveStock, emits=(StockReserved,))
def reserve_stock(command: ReserveStock) -> Reservation:
    items = rules.reservation_must_be_valid(command.reference, command.lines)
    if existing := rules.reservation_must_not_differ(command.reference, command.lines):
        return existing
    rules.stock_must_suffice(items, command.lines)

    reservation = Reservation.objects.create(reference=command.reference, made_at=now())
    ReservationLine.objects.bulk_create(
        ReservationLine(reservation=reservation, item=items[line.sku], quantity=line.quantity)
        for line in sorted(command.lines, key=lambda line: items[line.sku].pk)
    )
    _move(reservation, Kind.RESERVED, reserved=1)

    publish(StockReserved(reservation_id=reservation.pk, reference=reservation.reference))
    return reservation


@handles(ReleaseStock, emits=(StockReleased,))
def release_stock(command: ReleaseStock) -> Reservation:
    reservation = rules.reservation_must_exist(command.reservation_id)
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.reservation_must_not_be_fulfilled, reservation)
    if reservation.state == State.RELEASED:
        return reservation

    _settle(reservation, State.RELEASED, command.reason)
    _move(reservation, Kind.RELEASED, reserved=-1)

    publish(StockReleased(reservation_id=reservation.pk, reference=reservation.reference))
    return reservation


@handles(FulfilReservation, emits=(StockDelivered,))
def fulfil_reservation(command: FulfilReservation) -> Reservation:
    reservation = rules.reservation_must_exist(command.reservation_id)
    rules.reservation_must_not_be_released(reservation)
    if reservation.state == State.FULFILLED:
        return reservation

    _settle(reservation, State.FULFILLED)
    _move(reservation, Kind.FULFILLED, on_hand=-1, reserved=-1)

    publish(StockDelivered(reservation_id=reservation.pk, reference=reservation.reference))
    return reservation


def _settle(reservation: Reservation, state: Reservation.State, reason: str = "") -> None:
    reservation.state, reservation.settled_at, reservation.reason = state, now(), reason
    reservation.save(update_fields=["state", "settled_at", "reason"])


def _move(reservation: Reservation, kind: StockMove.Kind, *, on_hand: int = 0, reserved: int = 0) -> None:
    """Moves all lines, in the order of item ids, which avoids deadlocks."""
    StockMove.objects.bulk_create(
        StockMove(
            item_id=line.item_id,
            kind=kind,
            on_hand=on_hand * line.quantity,
            reserved=reserved * line.quantity,
            reservation=reservation,
            reference=reservation.reference,
            at=now(),
        )
        for line in reservation.lines.order_by("item_id")
    )
