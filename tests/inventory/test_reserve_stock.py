"""Reserving, releasing and shipping goods."""

from __future__ import annotations

import threading

import pytest
from django.db import connections

from apps.bus import dispatch, dry_run
from apps.events.models import OutboxEvent
from apps.inventory import queries, rules
from apps.inventory.commands import FulfilReservation, ItemQuantity, ReleaseStock, ReserveStock
from apps.inventory.errors import (
    InsufficientStock,
    ItemDuplicated,
    ItemUnknown,
    QuantityNotPositive,
    ReasonMissing,
    ReservationDiffers,
    ReservationIsEmpty,
    ReservationIsFulfilled,
    ReservationIsReleased,
    ReservationUnknown,
)
from apps.inventory.models import Reservation, Stock, StockMove
from apps.kernel.tenant import activate


def reserve(reference="order:1", **quantities):
    return ReserveStock(
        reference=reference, lines=tuple(ItemQuantity(sku, quantity) for sku, quantity in quantities.items())
    )


def stock(item):
    row = Stock.objects.get(item=item)
    return row.on_hand, row.reserved


def test_reserved_goods_stay_on_hand(shelf, accountant):
    reservation = dispatch(reserve(BOLT=4, NUT=5), actor=accountant)

    assert [str(line) for line in reservation.lines.all()] == ["4 × BOLT", "5 × NUT"]
    assert (stock(shelf["BOLT"]), stock(shelf["NUT"])) == ((10, 4), (5, 5))
    assert OutboxEvent.objects.get(name="stock.reserved").payload["reference"] == "order:1"
    assert queries.reconcile() == []


def test_all_short_items_are_refused_together(shelf, accountant):
    with pytest.raises(InsufficientStock) as refused:
        dispatch(reserve(BOLT=11, NUT=6), actor=accountant)

    assert refused.value.context["items"] == [
        {"sku": "BOLT", "required": 11, "available": 10},
        {"sku": "NUT", "required": 6, "available": 5},
    ]
    assert stock(shelf["BOLT"]) == (10, 0)
    assert Reservation.objects.count() == 0


def test_a_repeated_reservation_returns_the_first_one(shelf, accountant):
    first = dispatch(reserve(BOLT=10), actor=accountant)
    again = dispatch(reserve(BOLT=10), actor=accountant)

    assert again.pk == first.pk
    assert stock(shelf["BOLT"]) == (10, 10)


def test_a_repeated_reservation_of_other_goods_is_refused(shelf, accountant):
    dispatch(reserve(BOLT=2), actor=accountant)

    for other in (reserve(BOLT=3), reserve(NUT=2), reserve(BOLT=2, NUT=1)):
        with pytest.raises(ReservationDiffers):
            dispatch(other, actor=accountant)


def test_all_errors_of_a_reservation_are_refused_together(shelf, accountant):
    (nothing,) = dry_run(ReserveStock(reference="order:1", lines=()), actor=accountant)
    refusals = dry_run(reserve(BOLT=0, SCREW=1), actor=accountant)
    twice = ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 1), ItemQuantity("BOLT", 2)))
    (duplicate,) = dry_run(twice, actor=accountant)

    assert isinstance(nothing, ReservationIsEmpty)
    assert {type(refusal) for refusal in refusals} == {QuantityNotPositive, ItemUnknown}
    assert isinstance(duplicate, ItemDuplicated)


def test_a_repeated_release_changes_nothing(shelf, accountant):
    reservation = dispatch(reserve(BOLT=10), actor=accountant)
    release = ReleaseStock(reservation_id=reservation.pk, reason="Not paid")

    assert (
        dispatch(release, actor=accountant).state == dispatch(release, actor=accountant).state == "released"
    )
    assert stock(shelf["BOLT"]) == (10, 0)
    assert OutboxEvent.objects.filter(name="stock.released").count() == 1
    assert queries.reconcile() == []
    with pytest.raises(ReservationIsReleased):
        dispatch(FulfilReservation(reservation_id=reservation.pk), actor=accountant)
    with pytest.raises(ReservationIsReleased):
        dispatch(reserve(BOLT=10), actor=accountant)


def test_a_repeated_shipment_changes_nothing(shelf, accountant):
    reservation = dispatch(reserve(BOLT=4), actor=accountant)
    fulfil = FulfilReservation(reservation_id=reservation.pk)

    assert dispatch(fulfil, actor=accountant).state == dispatch(fulfil, actor=accountant).state == "fulfilled"
    assert stock(shelf["BOLT"]) == (6, 0)
    assert queries.reconcile() == []
    with pytest.raises(ReservationIsFulfilled):
        dispatch(ReleaseStock(reservation_id=reservation.pk, reason="Too late"), actor=accountant)


def test_an_invalid_release_is_refused(shelf, accountant):
    reservation = dispatch(reserve(BOLT=4), actor=accountant)

    with pytest.raises(ReasonMissing):
        dispatch(ReleaseStock(reservation_id=reservation.pk, reason=" "), actor=accountant)
    with pytest.raises(ReservationUnknown):
        dispatch(ReleaseStock(reservation_id=99, reason="Not paid"), actor=accountant)


# Races


def at_once(acme, accountant, *commands):
    """Dispatches each command in its own thread and connection. Returns results and errors."""
    outcomes, begin = [], threading.Barrier(len(commands))

    def do(command):
        with activate(acme):
            begin.wait()
            try:
                outcomes.append(dispatch(command, actor=accountant))
            except Exception as error:
                outcomes.append(error)
        connections.close_all()

    threads = [threading.Thread(target=do, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_concurrent_reservations_never_exceed_the_stock(shelf, acme, accountant):
    outcomes = at_once(acme, accountant, *(reserve(f"order:{n}", BOLT=4, NUT=1) for n in range(6)))

    assert sum(isinstance(outcome, Reservation) for outcome in outcomes) == 2
    assert sum(isinstance(outcome, InsufficientStock) for outcome in outcomes) == 4
    assert queries.reconcile() == []


def test_the_database_refuses_concurrent_reservations_without_the_lock(shelf, acme, accountant, monkeypatch):
    """The control: without the rule, several transactions try to reserve the same goods."""
    monkeypatch.setattr(rules, "stock_must_suffice", lambda items, lines: None)

    outcomes = at_once(acme, accountant, *(reserve(f"order:{n}", BOLT=4) for n in range(6)))

    assert sum(isinstance(outcome, Reservation) for outcome in outcomes) == 2
    assert {type(outcome).__name__ for outcome in outcomes} == {"Reservation", "StockWouldBeNegative"}
    assert queries.reconcile() == []


def test_reservations_with_lines_in_opposite_order_do_not_deadlock(shelf, acme, accountant):
    forward = ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 1), ItemQuantity("NUT", 1)))
    reverse = ReserveStock(reference="order:2", lines=(ItemQuantity("NUT", 1), ItemQuantity("BOLT", 1)))

    for _ in range(3):
        assert all(
            isinstance(outcome, Reservation)
            for outcome in at_once(acme, accountant, forward, reverse, forward, reverse)
        )
    assert Reservation.objects.count() == 2
    assert StockMove.objects.filter(kind="reserved").count() == 4
