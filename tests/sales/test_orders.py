"""Placing, cancelling and invoicing orders; and the invariants in the database."""

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


def test_the_audit_record_of_a_placed_order_has_its_id(placed):
    row = Record.objects.get(command="sales.place_order")

    assert (row.subject_type, row.subject_id) == ("sales.order", str(placed.pk))


def to_paid(order, actor):
    dispatch(ConfirmOrder(order_id=order.pk), actor=actor)
    return dispatch(MarkOrderPaid(order_id=order.pk), actor=actor)


def test_a_placed_order_has_lines_with_totals(placed, accountant):
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
def test_invalid_order_lines_are_refused(shop, accountant, lines, refusal):
    with pytest.raises(refusal):
        dispatch(PlaceOrder(customer="HOOLI", currency="USD", lines=lines), actor=accountant)


def test_all_errors_of_an_order_are_refused_together(shop, accountant):
    wrong = PlaceOrder(
        customer="UNKNOWN", currency="XXX", provider="barter", lines=(OrderedItem("A", 1, Decimal(1)),)
    )

    refusals = dry_run(wrong, actor=accountant)

    assert {type(refusal) for refusal in refusals} >= {CustomerUnknown, CurrencyUnknown}
    assert len(refusals) == 3
    assert SeveralRefusals(refusals).status == 422


def test_repeated_commands_on_an_order_change_nothing(placed, accountant):
    for command in (ConfirmOrder, MarkOrderPaid, IssueInvoice, CompleteOrder):
        for _ in range(2):
            dispatch(command(order_id=placed.pk), actor=accountant)

    assert Order.objects.get().state == "completed"
    assert Invoice.objects.count() == Entry.objects.count() == 1


def test_skipping_a_state_of_an_order_is_refused(placed, accountant):
    for command in (MarkOrderPaid, IssueInvoice, CompleteOrder):
        with pytest.raises(OrderNotReady):
            dispatch(command(order_id=placed.pk), actor=accountant)


def test_every_command_on_a_cancelled_order_is_refused(placed, accountant):
    cancel = CancelOrder(order_id=placed.pk, reason="The customer rang")

    assert dispatch(cancel, actor=accountant).state == dispatch(cancel, actor=accountant).state == "cancelled"
    for command in (ConfirmOrder, MarkOrderPaid, IssueInvoice, CompleteOrder):
        with pytest.raises(OrderIsCancelled, match="The customer rang"):
            dispatch(command(order_id=placed.pk), actor=accountant)


def test_cancelling_an_invoiced_order_is_refused(placed, accountant, controller):
    to_paid(placed, accountant)
    dispatch(IssueInvoice(order_id=placed.pk), actor=accountant)

    with pytest.raises(OrderIsInvoiced):
        dispatch(CancelOrder(order_id=placed.pk, reason="Too late"), actor=accountant)
    with pytest.raises(OrderIsNotPaid):
        dispatch(
            RefundOrder(order_id=placed.pk, amount=Decimal(1), reason="Bent", reference="1"), actor=controller
        )


def test_an_invoice_contains_the_names_of_its_date(placed, accountant):
    to_paid(placed, accountant)
    invoice = dispatch(IssueInvoice(order_id=placed.pk), actor=accountant)

    assert (invoice.seller, invoice.customer_name) == ("Acme Corporation", "Hooli Inc.")
    assert invoice.customer_address.splitlines()[0] == "1 Hooli Way"
    assert invoice.entry.source == f"invoice_issued:{placed.pk}"


def test_concurrent_invoices_are_numbered_without_a_gap(shop, acme, accountant):
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


def test_a_rolled_back_invoice_leaves_no_gap(placed, accountant):
    to_paid(placed, accountant)
    assert dry_run(IssueInvoice(order_id=placed.pk), actor=accountant) == ()

    assert dispatch(IssueInvoice(order_id=placed.pk), actor=accountant).number == 1


def test_invalid_customers_are_refused(shop, accountant):
    for command, refusal in (
        (AddCustomer(code="HOOLI", name="Another"), CustomerCodeTaken),
        (AddCustomer(code="X", name=" "), CustomerNameMissing),
        (AddCustomer(code="X", name="X", email="nowhere"), EmailMalformed),
    ):
        with pytest.raises(refusal):
            dispatch(command, actor=accountant)
    assert shop.history.count() == 1


def test_setting_up_sales_opens_missing_accounts(shop, controller, accountant):
    dispatch(SetUpSales(), actor=controller)

    assert list(Account.objects.values_list("code", flat=True)) == ["1000", "1100", "2100", "4000", "4900"]
    with pytest.raises(PermissionDenied):
        dispatch(SetUpSales(), actor=accountant)


# The database

ORDER_IS_FIXED, ORDER_ADDS_UP, INVOICE_IS_FIXED = "BS001", "BS002", "BS003"


@pytest.mark.exhaustive("each case", by="sqlstate")
@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        ("UPDATE sales_order SET state = 'paid'", ORDER_IS_FIXED),
        ("UPDATE sales_order SET state = 'placed'", ORDER_IS_FIXED),
        ("UPDATE sales_order SET state = 'cancelled', why = ''", ORDER_IS_FIXED),
        ("UPDATE sales_order SET amount_minor = 1", ORDER_IS_FIXED),
        ("UPDATE sales_orderline SET quantity = 1", NO_RIGHT),
        ("DELETE FROM sales_orderline", NO_RIGHT),
        ("DELETE FROM sales_order", NO_RIGHT),
        (
            "INSERT INTO sales_orderline (order_id, line_no, item_id, name, quantity, price_minor)"
            " SELECT sales_order.id, 9, inventory_item.id, 'Spare', 1, 1 FROM sales_order, inventory_item"
            " WHERE inventory_item.sku = 'SPARE'",
            ORDER_ADDS_UP,
        ),
        ("UPDATE sales_invoice SET amount_minor = 1", INVOICE_IS_FIXED),
        ("UPDATE sales_invoice SET number = 7", INVOICE_IS_FIXED),
        ("UPDATE sales_invoice SET customer_name = 'Another'", INVOICE_IS_FIXED),
        ("UPDATE sales_invoicecounter SET last = 7", NO_RIGHT),
        ("DELETE FROM sales_invoice", NO_RIGHT),
    ],
)
def test_raw_sql_is_refused(placed, accountant, statement, sqlstate):
    dispatch(AddItem(sku="SPARE", name="Not in the order"), actor=accountant)
    to_paid(placed, accountant)
    invoice = dispatch(IssueInvoice(order_id=placed.pk), actor=accountant)
    dispatch(StoreInvoiceDocument(invoice_id=invoice.pk, file="somewhere.pdf"), actor=accountant)

    assert refused(statement) == sqlstate


def test_raw_sql_for_an_order_without_lines_is_refused(shop):
    with pytest.raises(DatabaseError, match="add up"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sales_order"
            " (customer_id, currency, amount_minor, provider, token, state, placed_at, placed_by, why)"
            f" VALUES ({shop.pk}, 'USD', 5, 'manual', '', 'placed', now(), '', '')"
        )
