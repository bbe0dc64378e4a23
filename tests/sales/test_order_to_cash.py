"""The saga from order to cash: the final state of sales, inventory, payments and ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pypdf import PdfReader

from apps.bus import dispatch
from apps.events.models import Delivery, OutboxEvent
from apps.inventory.commands import ItemQuantity, ReserveStock
from apps.inventory.models import Reservation, StockMove
from apps.kernel.clock import moved_to, now
from apps.kernel.files.store import files
from apps.ledger.models import Entry
from apps.payments.commands import ConfirmPayment, FailPayment, RefundPayment, VoidPayment
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.sagas.commands import RetrySaga
from apps.sagas.models import Run
from apps.sales import queries
from apps.sales.commands import CancelOrder, RefundOrder
from apps.sales.models import Invoice, Order
from tests.support.settling import settle
from tests.support.shop import balances, ordered, stock

pytestmark = pytest.mark.exhaustive("each test delivers all events of an order", one_in=3)


def state(order):
    return Order.objects.get(pk=order.pk).state


def test_a_paid_order_is_completed(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    settle()

    assert state(order) == "completed"
    assert stock() == {"BOLT": (6, 0), "NUT": (3, 0)}
    assert Reservation.objects.get(reference=order.subject).state == "fulfilled"
    payment = Payment.objects.get(reference=order.subject)
    assert (payment.state, payment.amount_minor, payment.provider_payment_id != "") == (
        "confirmed",
        650,
        True,
    )
    assert balances() == {"1000": Decimal("6.50"), "1100": Decimal(0), "4000": Decimal("-6.50")}
    assert sorted(Entry.objects.values_list("source", flat=True)) == [
        f"invoice_issued:{order.pk}",
        f"payment_confirmed:{payment.pk}",
    ]
    assert Run.objects.get(subject=order.subject).state == "done"
    assert queries.reconcile() == []


def test_the_invoice_of_a_completed_order_is_stored(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    settle()

    invoice = Invoice.objects.get(order=order)
    assert (str(invoice), invoice.state) == (f"INV-{invoice.year}-000001", "stored")
    assert invoice.file == f"invoices/{invoice.year}/{invoice}.pdf"
    with files().open(invoice.file) as document:
        assert str(invoice) in PdfReader(document).pages[0].extract_text()


def test_a_completed_order_publishes_its_events(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    settle()

    published = set(OutboxEvent.objects.values_list("name", flat=True))
    assert published >= {"order.created", "payment.confirmed", "invoice.issued", "order.completed"}
    assert OutboxEvent.objects.get(name="order.created").payload == {
        "order_id": order.pk,
        "customer_id": shop.pk,
    }


def test_a_declined_card_rolls_the_order_back(shop, accountant):
    order = dispatch(ordered("tok_declined"), actor=accountant)
    settle()

    cancelled = Order.objects.get(pk=order.pk)
    assert (cancelled.state, "declined" in cancelled.why) == ("cancelled", True)
    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert Reservation.objects.get(reference=order.subject).state == "released"
    assert Payment.objects.get(reference=order.subject).state == "failed"
    assert (Entry.objects.count(), Invoice.objects.count()) == (0, 0)
    run = Run.objects.get(subject=order.subject)
    assert run.state == "compensated"
    undone = run.log_entries.filter(kind="compensated").values_list("step", flat=True)
    assert list(undone) == ["request payment", "reserve stock", "confirm order", "place order"]
    assert queries.reconcile() == []


def test_an_order_beyond_the_stock_is_cancelled(shop, accountant):
    order = dispatch(ordered(BOLT=11, NUT=6), actor=accountant)
    settle()

    cancelled = Order.objects.get(pk=order.pk)
    assert cancelled.state == "cancelled"
    assert cancelled.why == (
        "There is not enough in stock: BOLT: 11 required, 10 available; NUT: 6 required, 5 available."
    )
    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert Payment.objects.count() == 0
    assert queries.reconcile() == []


class DiskFull(Exception):
    """An error that is no refusal."""


@pytest.fixture
def broken(monkeypatch):
    """A set of states; a transition into one of them fails."""
    states, move_to = set(), Order.move_to

    def moving(order, state, why=""):
        if state in states:
            raise DiskFull
        move_to(order, state, why)

    monkeypatch.setattr(Order, "move_to", moving)
    return states


def test_an_order_whose_confirmation_fails_is_cancelled(shop, accountant, broken):
    broken.add("confirmed")
    order = dispatch(ordered(), actor=accountant)
    pass_hours()

    cancelled = Order.objects.get(pk=order.pk)
    assert (cancelled.state, cancelled.why) == ("cancelled", "DiskFull")
    assert Run.objects.get().state == "compensated"
    assert queries.reconcile() == []


def test_an_order_whose_cancellation_fails_needs_an_operator(shop, accountant, owner, client_for, broken):
    broken.update({"confirmed", "cancelled"})
    order = dispatch(ordered(), actor=accountant)
    pass_hours()

    run = Run.objects.get()
    assert (run.state, run.step, state(order)) == ("needs_attention", "place order", "placed")
    clerk = client_for(accountant)
    order_data = clerk.get(f"/t/acme/api/v1/sales/orders/{order.pk}/").json()
    assert (order_data["saga_state"], order_data["last_error"]) == ("needs_attention", "DiskFull")
    for page in ("", f"{order.pk}/change/"):
        assert "Needs attention" in clerk.get(f"/t/acme/sales/order/{page}").content.decode()

    broken.clear()
    dispatch(RetrySaga(run_id=run.pk, reason="The disk has space again."), actor=owner)
    settle()

    assert (state(order), Run.objects.get().state) == ("cancelled", "compensated")
    assert queries.reconcile() == []


def pass_hours():
    """Uses up all retries."""
    for hours in range(12):
        with moved_to(now() + dt.timedelta(hours=hours)):
            settle()


def test_a_lost_response_charges_once(shop, accountant):
    order = dispatch(ordered("tok_lost_response"), actor=accountant)
    settle()
    assert state(order) == "confirmed"
    retry_now()

    assert state(order) == "completed"
    assert balances()["1000"] == Decimal("6.50")
    assert queries.reconcile() == []


def test_a_bank_transfer_waits_for_its_confirmation(shop, accountant):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    assert (state(order), stock()["BOLT"]) == ("confirmed", (10, 4))
    payment = Payment.objects.get(reference=order.subject)

    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="statement 7/12"), actor=accountant)
    settle()

    assert state(order) == "completed"
    assert queries.reconcile() == []


CHANGES = {
    "a confirmation": (
        lambda payment: [ConfirmPayment(payment_id=payment, provider_payment_id="7")],
        "completed",
    ),
    "a failure": (lambda payment: [FailPayment(payment_id=payment, reason="Bounced")], "cancelled"),
    "a void payment": (lambda payment: [VoidPayment(payment_id=payment, reason="Not wanted")], "cancelled"),
    "a full refund": (
        lambda payment: [
            ConfirmPayment(payment_id=payment, provider_payment_id="7"),
            RefundPayment(payment_id=payment, amount=Decimal("6.50"), reason="Not wanted", reference="R"),
        ],
        "cancelled",
    ),
}
"""What changes the condition of the wait, and the state of the order afterwards."""


@pytest.mark.parametrize(("commands", "outcome"), CHANGES.values(), ids=CHANGES)
def test_an_order_that_waits_continues_at_once_on(shop, accountant, controller, commands, outcome):
    """Without the clock, and without the sweep."""
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    assert state(order) == "confirmed"
    events = Delivery.objects.open().count()

    for command in commands(Payment.objects.get().pk):
        dispatch(command, actor=controller)
    settle()

    assert (events, state(order)) == (0, outcome)
    assert queries.reconcile() == []


def test_cancelling_an_unpaid_order_rolls_it_back(shop, accountant):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()

    dispatch(CancelOrder(order_id=order.pk, reason="The customer rang"), actor=accountant)
    settle()

    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert Payment.objects.get().state == "void"
    assert Run.objects.get().state == "compensated"
    assert queries.reconcile() == []


def test_money_received_for_a_cancelled_order_is_refunded(shop, accountant):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    dispatch(CancelOrder(order_id=order.pk, reason="The customer rang"), actor=accountant)
    settle()
    payment = Payment.objects.get()

    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="late"), actor=accountant)
    settle()

    assert Refund.objects.get().amount_minor == 650
    assert balances() == {"1000": Decimal(0), "1100": Decimal(0)}
    assert (state(order), Run.objects.get().state) == ("cancelled", "compensated")
    assert queries.reconcile() == []


def test_cancelling_a_paid_order_refunds_its_payment(shop, accountant):
    """Between the payment and the invoice."""
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    payment = Payment.objects.get()
    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="7"), actor=accountant)
    dispatch(CancelOrder(order_id=order.pk, reason="The customer rang"), actor=accountant)
    settle()

    assert (state(order), Refund.objects.get().amount_minor) == ("cancelled", 650)
    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert balances() == {"1000": Decimal(0), "1100": Decimal(0)}
    assert queries.reconcile() == []


def test_a_refund_of_an_order_reduces_its_revenue(shop, accountant, controller):
    order = dispatch(ordered(), actor=accountant)
    settle()

    refund = RefundOrder(order_id=order.pk, amount=Decimal("2.00"), reason="One was bent", reference="RMA-1")
    first, again = dispatch(refund, actor=controller), dispatch(refund, actor=controller)
    settle()

    assert first.pk == again.pk
    assert balances() == {
        "1000": Decimal("4.50"),
        "1100": Decimal(0),
        "4000": Decimal("-6.50"),
        "4900": Decimal("2.00"),
    }
    assert Refund.objects.get().sent_at
    assert queries.reconcile() == []


def test_a_refund_of_the_payment_reduces_the_revenue(shop, accountant, controller):
    order = dispatch(ordered(), actor=accountant)
    settle()
    payment = Payment.objects.get()

    dispatch(
        RefundPayment(payment_id=payment.pk, amount=Decimal("6.50"), reason="All bent", reference="RMA-2"),
        actor=controller,
    )
    settle()

    assert balances()["4900"] == Decimal("6.50")
    assert state(order) == "completed"
    assert queries.reconcile() == []


def test_a_refund_before_the_invoice_reduces_the_revenue_of_the_invoice(shop, accountant, controller):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    payment = Payment.objects.get()
    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="7"), actor=accountant)
    refund = RefundPayment(
        payment_id=payment.pk, amount=Decimal("2.00"), reason="One bent", reference="RMA-3"
    )
    dispatch(refund, actor=controller)

    settle()

    assert state(order) == "completed"
    assert balances()["4900"] == Decimal("2.00")
    assert queries.reconcile() == []


def test_an_order_for_goods_reserved_elsewhere_is_cancelled(shop, accountant):
    dispatch(ReserveStock(reference="fair", lines=(ItemQuantity("BOLT", 8),)), actor=accountant)
    order = dispatch(ordered(), actor=accountant)
    settle()

    assert state(order) == "cancelled"
    assert stock()["BOLT"] == (10, 8)


def test_redelivered_events_change_nothing(shop, accountant, controller):
    """All events are redelivered: no second entry, charge, refund, invoice or stock movement."""
    for card in ("tok_ok", "tok_declined"):
        order = dispatch(ordered(card, BOLT=1), actor=accountant)
    settle()
    paid = Order.objects.get(state="completed")
    dispatch(
        RefundOrder(order_id=paid.pk, amount=Decimal(1), reason="Bent", reference="RMA-1"), actor=controller
    )
    settle()
    before = (balances(), stock(), row_counts())

    handled = Delivery.objects.using("relay").filter(status="done")
    assert handled.update(status="pending", attempts=0, finished_at=None) > 20
    settle()

    assert (balances(), stock(), row_counts()) == before
    assert state(order) == "cancelled"
    assert queries.reconcile() == []


def row_counts():
    models = (
        Entry,
        Payment,
        Refund,
        Invoice,
        Reservation,
        StockMove,
        SandboxOperation,
        Order,
        Run,
        OutboxEvent,
    )
    return {model.__name__: model.objects.count() for model in models}


def test_many_orders_for_scarce_goods_reconcile(shop, accountant):
    """The stock covers only two of them."""
    for _ in range(6):
        dispatch(ordered(BOLT=5), actor=accountant)
    settle()

    assert sorted(Order.objects.values_list("state", flat=True)) == ["cancelled"] * 4 + ["completed"] * 2
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2]
    assert queries.reconcile() == []


def retry_now():
    """Makes every pending delivery due."""
    Delivery.objects.using("relay").filter(status="pending").update(next_at=now())
    settle()
