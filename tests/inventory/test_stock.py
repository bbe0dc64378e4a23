"""Items, receipts and counts; and the invariants in the database."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, connections
from psycopg import sql

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.inventory import queries
from apps.inventory.commands import AddItem, CountStock, ItemQuantity, ReceiveStock, ReserveStock
from apps.inventory.errors import (
    CountBelowReserved,
    CountNegative,
    ItemNameMissing,
    ItemUnknown,
    QuantityNotPositive,
    ReasonMissing,
    SkuTaken,
)
from apps.inventory.models import Item, Reservation, Stock, StockMove
from tests.support.sqlstate import CHECK, NO_RIGHT, refused


def test_a_new_item_has_no_stock(at_acme, accountant):
    item = dispatch(AddItem(sku="BOLT", name="Bolt M8"), actor=accountant)

    assert (item.stock.on_hand, item.stock.reserved, item.stock.available) == (0, 0, 0)
    assert item.history.get().actor_name == str(accountant)


def test_an_invalid_item_is_refused(shelf, accountant):
    with pytest.raises(SkuTaken):
        dispatch(AddItem(sku="BOLT", name="Another"), actor=accountant)
    with pytest.raises(ItemNameMissing):
        dispatch(AddItem(sku=" ", name=""), actor=accountant)


def test_received_goods_are_on_hand(shelf, accountant):
    move = dispatch(ReceiveStock(sku="BOLT", quantity=7, reference="DN-4711"), actor=accountant)

    assert (move.kind, move.on_hand, move.reference) == ("received", 7, "DN-4711")
    assert Stock.objects.get(item=shelf["BOLT"]).on_hand == 17
    with pytest.raises(QuantityNotPositive):
        dispatch(ReceiveStock(sku="BOLT", quantity=0), actor=accountant)
    with pytest.raises(ItemUnknown):
        dispatch(ReceiveStock(sku="SCREW", quantity=1), actor=accountant)


def test_a_count_records_the_difference(shelf, accountant):
    move = dispatch(CountStock(sku="BOLT", quantity=8, reason="Year-end count"), actor=accountant)

    assert (move.on_hand, move.reason) == (-2, "Year-end count")
    assert Stock.objects.get(item=shelf["BOLT"]).on_hand == 8
    assert queries.reconcile() == []


def test_a_count_below_the_reserved_quantity_is_refused(shelf, accountant):
    dispatch(ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 6),)), actor=accountant)

    with pytest.raises(CountBelowReserved):
        dispatch(CountStock(sku="BOLT", quantity=5, reason="Some are missing"), actor=accountant)
    with pytest.raises(CountNegative):
        dispatch(CountStock(sku="BOLT", quantity=-1, reason="A joke"), actor=accountant)
    with pytest.raises(ReasonMissing):
        dispatch(CountStock(sku="BOLT", quantity=9, reason=""), actor=accountant)


def test_a_receipt_by_an_auditor_is_denied(shelf, auditor):
    with pytest.raises(PermissionDenied):
        dispatch(ReceiveStock(sku="BOLT", quantity=1), actor=auditor)


# The database


SETTLED_ONCE = "BI001"
MOVE = (
    "INSERT INTO inventory_stockmove (item_id, kind, on_hand, reserved, reference, reason, at)"
    " SELECT id, 'counted', {on_hand}, {reserved}, '', '', now() FROM inventory_item WHERE sku = 'BOLT'"
)


@pytest.mark.exhaustive("each case", by="sqlstate")
@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("UPDATE inventory_stock SET on_hand = 1000", NO_RIGHT),
        ("DELETE FROM inventory_stock", NO_RIGHT),
        ("DELETE FROM inventory_item", NO_RIGHT),
        ("UPDATE inventory_stockmove SET on_hand = 1000", NO_RIGHT),
        ("DELETE FROM inventory_stockmove", NO_RIGHT),
        ("UPDATE inventory_reservationline SET quantity = 1", NO_RIGHT),
        ("DELETE FROM inventory_reservation", SETTLED_ONCE),
        ("UPDATE inventory_reservation SET state = 'reserved', settled_at = NULL", SETTLED_ONCE),
        ("UPDATE inventory_reservation SET reference = 'order:2'", SETTLED_ONCE),
        (MOVE.format(on_hand=-11, reserved=0), CHECK),
        (MOVE.format(on_hand=0, reserved=11), CHECK),
        (MOVE.format(on_hand=0, reserved=-7), CHECK),
    ],
)
def test_raw_sql_is_refused(shelf, accountant, statement, sqlstate):
    dispatch(ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 6),)), actor=accountant)

    assert refused(statement) == sqlstate

    assert queries.reconcile() == []


def test_a_stock_movement_by_raw_sql_changes_the_stock(shelf):
    with connection.cursor() as cursor:
        cursor.execute(MOVE.format(on_hand=-3, reserved=0))

    assert Stock.objects.get(item=shelf["BOLT"]).on_hand == 7


def test_reconciliation_reports_tampering_by_the_owner(shelf, acme, accountant):
    dispatch(ReserveStock(reference="order:1", lines=(ItemQuantity("BOLT", 6),)), actor=accountant)
    owner = connections["owner"].settings_dict
    with psycopg.connect(
        host=owner["HOST"],
        port=owner["PORT"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        dbname=owner["NAME"],
    ) as tampering:
        tampering.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(acme.schema)))
        tampering.execute("UPDATE inventory_stock SET on_hand = 99, reserved = 7 WHERE reserved = 6")

    assert [str(difference) for difference in queries.reconcile()] == [
        "stock of BOLT is (99, 7) and should be (10, 6)",
        "reserved of BOLT is 7 and should be 6",
    ]


def test_a_reservation_over_http_reduces_the_available_stock(shelf, client_for, accountant):
    client = client_for(accountant)

    response = client.post(
        "/t/acme/api/v1/inventory/reservations/",
        {"reference": "order:1", "lines": [{"sku": "BOLT", "quantity": 3}]},
        content_type="application/json",
    )
    items = client.get("/t/acme/api/v1/inventory/items/").json()

    assert response.status_code == 201, response.content
    assert response.json()["lines"] == [{"sku": "BOLT", "quantity": 3}]
    assert [(item["sku"], item["available"]) for item in items["results"]] == [("BOLT", 7), ("NUT", 5)]
    assert Item.objects.count() == 2
    assert (Reservation.objects.count(), StockMove.objects.count()) == (1, 3)
