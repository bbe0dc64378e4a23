"""Reserving, releasing and handing out."""

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
    NothingToReserve,
    QuantityNotPositive,
    ReasonMissing,
    ReservationDiffers,
    ReservationIsFulfilled,
    ReservationIsReleased,
    ReservationUnknown,
)
from apps.inventory.models import Reservation, Stock, StockMove
from apps.kernel.tenant import activate


def wanted(reference="order:1", **quantities):
    return ReserveStock(
        reference=reference, lines=tuple(ItemQuantity(sku, quantity) for sku, quantity in quantities.items())
    )


def stock(item):
    row = Stock.objects.get(item=item)
    return row.on_hand, row.reserved


def test_goods_are_held(shelf, accountant):
    reservation = dispatch(wanted(BOLT=4, NUT=5), actor=accountant)

    assert [str(line) for line in reservation.lines.all()] == ["4 × BOLT", "5 × NUT"]
    assert (stock(shelf["BOLT"]), stock(shelf["NUT"])) == ((10, 4), (5, 5))
    assert OutboxEvent.objects.get(name="stock.reserved").payload["reference"] == "order:1"
    assert queries.reconcile() == []


def test_every_short_item_is_named_together(shelf, accountant):
    with pytest.raises(InsufficientStock) as refused:
        dispatch(wanted(BOLT=11, NUT=6), actor=accountant)

    assert refused.value.context["items"] == [
        {"sku": "BOLT", "wanted": 11, "free": 10},
        {"sku": "NUT", "wanted": 6, "free": 5},
    ]
    assert stock(shelf["BOLT"]) == (10, 0)
    assert Reservation.objects.count() == 0


def test_asked_twice_it_is_the_same_reservation(shelf, accountant):
    first = dispatch(wanted(BOLT=10), actor=accountant)
    again = dispatch(wanted(BOLT=10), actor=accountant)

    assert again.pk == first.pk
    assert stock(shelf["BOLT"]) == (10, 10)


def test_asked_again_for_other_goods_it_is_refused(shelf, accountant):
    dispatch(wanted(BOLT=2), actor=accountant)

    for other in (wanted(BOLT=3), wanted(NUT=2), wanted(BOLT=2, NUT=1)):
        with pytest.raises(ReservationDiffers):
            dispatch(other, actor=accountant)


def test_what_is_wrong_is_said_at_once(shelf, accountant):
    (nothing,) = dry_run(ReserveStock(reference="order:1", lines=()), actor=accountant)
    wrong = dry_run(wanted(BOLT=0, SCREW=1), actor=accountant)
    twice = ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 1), ItemQuantity("BOLT", 2)))
    (named_twice,) = dry_run(twice, actor=accountant)

    assert isinstance(nothing, NothingToReserve)
    assert {type(each) for each in wrong} == {QuantityNotPositive, ItemUnknown}
    assert isinstance(named_twice, ItemDuplicated)


def test_released_goods_are_free_and_releasing_twice_is_right(shelf, accountant):
    reservation = dispatch(wanted(BOLT=10), actor=accountant)
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
        dispatch(wanted(BOLT=10), actor=accountant)


def test_goods_that_are_handed_out_have_left_and_twice_is_right(shelf, accountant):
    reservation = dispatch(wanted(BOLT=4), actor=accountant)
    fulfil = FulfilReservation(reservation_id=reservation.pk)

    assert dispatch(fulfil, actor=accountant).state == dispatch(fulfil, actor=accountant).state == "fulfilled"
    assert stock(shelf["BOLT"]) == (6, 0)
    assert queries.reconcile() == []
    with pytest.raises(ReservationIsFulfilled):
        dispatch(ReleaseStock(reservation_id=reservation.pk, reason="Too late"), actor=accountant)


def test_a_release_needs_a_reason_and_a_reservation(shelf, accountant):
    reservation = dispatch(wanted(BOLT=4), actor=accountant)

    with pytest.raises(ReasonMissing):
        dispatch(ReleaseStock(reservation_id=reservation.pk, reason=" "), actor=accountant)
    with pytest.raises(ReservationUnknown):
        dispatch(ReleaseStock(reservation_id=99, reason="Why not"), actor=accountant)


# Races


def at_once(acme, accountant, *commands):
    """Each in a thread and a connection of its own. Returns what came of them."""
    came, begin = [], threading.Barrier(len(commands))

    def do(command):
        with activate(acme):
            begin.wait()
            try:
                came.append(dispatch(command, actor=accountant))
            except Exception as error:
                came.append(error)
        connections.close_all()

    threads = [threading.Thread(target=do, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


def test_those_who_want_the_last_ones_do_not_both_get_them(shelf, acme, accountant):
    came = at_once(acme, accountant, *(wanted(f"order:{n}", BOLT=4, NUT=1) for n in range(6)))

    assert sum(isinstance(each, Reservation) for each in came) == 2
    assert sum(isinstance(each, InsufficientStock) for each in came) == 4
    assert queries.reconcile() == []


def test_without_the_lock_the_database_refuses_by_itself(shelf, acme, accountant, monkeypatch):
    """The control: nobody holds the items, so several think that there is enough."""
    monkeypatch.setattr(rules, "stock_must_suffice", lambda items, lines: None)

    came = at_once(acme, accountant, *(wanted(f"order:{n}", BOLT=4) for n in range(6)))

    assert sum(isinstance(each, Reservation) for each in came) == 2
    assert {type(each).__name__ for each in came} == {"Reservation", "StockWouldBeNegative"}
    assert queries.reconcile() == []


def test_nobody_waits_for_each_other_in_a_circle(shelf, acme, accountant):
    there = ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 1), ItemQuantity("NUT", 1)))
    back = ReserveStock(reference="order:2", lines=(ItemQuantity("NUT", 1), ItemQuantity("BOLT", 1)))

    for _ in range(3):
        assert all(
            isinstance(each, Reservation) for each in at_once(acme, accountant, there, back, there, back)
        )
    assert Reservation.objects.count() == 2
    assert StockMove.objects.filter(kind="reserved").count() == 4
