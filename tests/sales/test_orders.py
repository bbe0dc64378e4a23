"""Placing, cancelling and invoicing; and what the database keeps true by itself."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections, transaction

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.inventory.commands import AddItem
from apps.kernel.errors import SeveralRefusals
from apps.kernel.money import AmountTooPrecise, CurrencyUnknown
from apps.kernel.tenant import activate
from apps.ledger.models import Account, Entry
from apps.sales import queries
from apps.sales.commands import (
    AddCustomer,
    CancelOrder,
    CompleteOrder,
    ConfirmOrder,
    IssueInvoice,
    MarkOrderPaid,
    OrderedItem,
    PlaceOrder,
    RefundOrder,
    SetUpSales,
    StoreInvoiceDocument,
)
from apps.sales.errors import (
    CustomerCodeTaken,
    CustomerNameMissing,
    CustomerUnknown,
    EmailMalformed,
    ItemDuplicated,
    ItemUnknown,
    LineMalformed,
    OrderIsCancelled,
    OrderIsEmpty,
    OrderIsInvoiced,
    OrderIsNotPaid,
    OrderNotReady,
    OrderTotalOutOfRange,
)
from apps.sales.models import Invoice, Order
from tests.support.shop import ordered
from tests.support.sqlstate import NO_RIGHT, refused


@pytest.fixture
def placed(shop, accountant):
    return dispatch(ordered(), actor=accountant)


def test_the_audit_log_says_which_order_was_placed(placed):
    row = Record.objects.get(command="sales.place_order")

    assert (row.subject_type, row.subject_id) == ("sales.order", str(placed.pk))


def to_paid(order, actor):
    dispatch(ConfirmOrder(order_id=order.pk), actor=actor)
    return dispatch(MarkOrderPaid(order_id=order.pk), actor=actor)


def test_an_order_has_its_lines_and_its_total(placed, accountant):
    order = queries.order(placed.pk)

    assert (order.number, order.state, str(order.total)) == (f"SO-{order.pk}", "placed", "6.50 USD")
    assert [(str(line), str(line.total)) for line in order.lines.all()] == [
        ("4 × Bolt M8", "6.00 USD"),
        ("2 × Nut M8", "0.50 USD"),
    ]
    assert order.placed_by == str(accountant)


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ((), OrderIsEmpty),
        ((OrderedItem("BOLT", 1, Decimal(1)), OrderedItem("BOLT", 2, Decimal(1))), ItemDuplicated),
        ((OrderedItem("SCREW", 1, Decimal(1)),), ItemUnknown),
        ((OrderedItem("BOLT", 0, Decimal(1)),), LineMalformed),
        ((OrderedItem("BOLT", 1, Decimal(-1)),), LineMalformed),
        ((OrderedItem("BOLT", 1, Decimal("1.005")),), AmountTooPrecise),
        ((OrderedItem("BOLT", 1, Decimal(0)),), OrderTotalOutOfRange),
    ],
)
def test_what_cannot_be_ordered_is_refused(shop, accountant, lines, refusal):
    with pytest.raises(refusal):
        dispatch(PlaceOrder(customer="HOOLI", currency="USD", lines=lines), actor=accountant)


def test_everything_that_is_wrong_is_said_together(shop, accountant):
    wrong = PlaceOrder(
        customer="NOBODY", currency="XXX", provider="barter", lines=(OrderedItem("A", 1, Decimal(1)),)
    )

    refusals = dry_run(wrong, actor=accountant)

    assert {type(refusal) for refusal in refusals} >= {CustomerUnknown, CurrencyUnknown}
    assert len(refusals) == 3
    assert SeveralRefusals(refusals).status == 422


def test_each_step_is_right_when_it_is_asked_twice(placed, accountant):
    for command in (ConfirmOrder, MarkOrderPaid, IssueInvoice, CompleteOrder):
        for _ in range(2):
            dispatch(command(order_id=placed.pk), actor=accountant)

    assert Order.objects.get().state == "completed"
    assert Invoice.objects.count() == Entry.objects.count() == 1


def test_no_step_is_left_out(placed, accountant):
    for command in (MarkOrderPaid, IssueInvoice, CompleteOrder):
        with pytest.raises(OrderNotReady):
            dispatch(command(order_id=placed.pk), actor=accountant)


def test_a_cancelled_order_goes_nowhere(placed, accountant):
    cancel = CancelOrder(order_id=placed.pk, reason="Changed his mind")

    assert dispatch(cancel, actor=accountant).state == dispatch(cancel, actor=accountant).state == "cancelled"
    for command in (ConfirmOrder, MarkOrderPaid, IssueInvoice, CompleteOrder):
        with pytest.raises(OrderIsCancelled, match="Changed his mind"):
            dispatch(command(order_id=placed.pk), actor=accountant)


def test_an_invoiced_order_is_refunded_and_not_cancelled(placed, accountant, controller):
    to_paid(placed, accountant)
    dispatch(IssueInvoice(order_id=placed.pk), actor=accountant)

    with pytest.raises(OrderIsInvoiced):
        dispatch(CancelOrder(order_id=placed.pk, reason="Too late"), actor=accountant)
    with pytest.raises(OrderIsNotPaid):
        dispatch(
            RefundOrder(order_id=placed.pk, amount=Decimal(1), reason="Bent", reference="1"), actor=controller
        )


def test_an_invoice_keeps_names_as_they_were(placed, accountant):
    to_paid(placed, accountant)
    invoice = dispatch(IssueInvoice(order_id=placed.pk), actor=accountant)

    assert (invoice.seller, invoice.customer_name) == ("Acme Corporation", "Hooli Inc.")
    assert invoice.customer_address.splitlines()[0] == "1 Hooli Way"
    assert invoice.entry.source == f"invoice_issued:{placed.pk}"


def test_invoices_have_no_gap_also_when_many_are_issued_at_once(shop, acme, accountant):
    orders = [to_paid(dispatch(ordered(NUT=1), actor=accountant), accountant) for _ in range(6)]

    def issue(order):
        with activate(acme):
            dispatch(IssueInvoice(order_id=order.pk), actor=accountant)
        connections.close_all()

    threads = [threading.Thread(target=issue, args=(order,)) for order in [*orders, *orders]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_an_invoice_that_is_rolled_back_leaves_no_gap(placed, accountant):
    to_paid(placed, accountant)
    assert dry_run(IssueInvoice(order_id=placed.pk), actor=accountant) == ()

    assert dispatch(IssueInvoice(order_id=placed.pk), actor=accountant).number == 1


def test_customers_are_named_new_and_reachable(shop, accountant):
    for command, refusal in (
        (AddCustomer(code="HOOLI", name="Another"), CustomerCodeTaken),
        (AddCustomer(code="X", name=" "), CustomerNameMissing),
        (AddCustomer(code="X", name="X", email="nowhere"), EmailMalformed),
    ):
        with pytest.raises(refusal):
            dispatch(command, actor=accountant)
    assert shop.history.count() == 1


def test_setting_up_opens_what_is_missing(shop, controller, accountant):
    dispatch(SetUpSales(), actor=controller)

    assert list(Account.objects.values_list("code", flat=True)) == ["1000", "1100", "4000", "4900"]
    with pytest.raises(PermissionDenied):
        dispatch(SetUpSales(), actor=accountant)


# The database

ORDER_MOVES, ORDER_ADDS_UP, INVOICE_STAYS = "BS001", "BS002", "BS003"


@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("UPDATE sales_order SET state = 'paid'", ORDER_MOVES),
        ("UPDATE sales_order SET state = 'placed'", ORDER_MOVES),
        ("UPDATE sales_order SET state = 'cancelled', why = ''", ORDER_MOVES),
        ("UPDATE sales_order SET amount_minor = 1", ORDER_MOVES),
        ("UPDATE sales_orderline SET quantity = 1", NO_RIGHT),
        ("DELETE FROM sales_orderline", NO_RIGHT),
        ("DELETE FROM sales_order", NO_RIGHT),
        (
            "INSERT INTO sales_orderline (order_id, line_no, item_id, name, quantity, price_minor)"
            " SELECT sales_order.id, 9, inventory_item.id, '', 1, 1 FROM sales_order, inventory_item"
            " WHERE inventory_item.sku = 'SPARE'",
            ORDER_ADDS_UP,
        ),
        ("UPDATE sales_invoice SET amount_minor = 1", INVOICE_STAYS),
        ("UPDATE sales_invoice SET number = 7", INVOICE_STAYS),
        ("UPDATE sales_invoice SET customer_name = 'Another'", INVOICE_STAYS),
        ("UPDATE sales_invoicecounter SET last = 7", NO_RIGHT),
        ("DELETE FROM sales_invoice", NO_RIGHT),
    ],
)
def test_raw_sql_cannot(placed, accountant, statement, sqlstate):
    dispatch(AddItem(sku="SPARE", name="Not in the order"), actor=accountant)
    to_paid(placed, accountant)
    invoice = dispatch(IssueInvoice(order_id=placed.pk), actor=accountant)
    dispatch(StoreInvoiceDocument(invoice_id=invoice.pk, file="somewhere.pdf"), actor=accountant)

    assert refused(statement) == sqlstate


def test_raw_sql_places_no_order_that_does_not_add_up(shop):
    with pytest.raises(DatabaseError, match="add up"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sales_order"
            " (customer_id, currency, amount_minor, provider, token, state, placed_at, placed_by, why)"
            f" VALUES ({shop.pk}, 'USD', 5, 'manual', '', 'placed', now(), '', '')"
        )
