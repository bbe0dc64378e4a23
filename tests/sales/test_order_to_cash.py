"""The journey from order to cash, and the way back: what stands in sales, inventory, payments and ledger at its end."""

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
from apps.kernel.files import files
from apps.ledger.models import Entry
from apps.payments.commands import ConfirmPayment, RefundPayment
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.sagas.commands import RetrySaga
from apps.sagas.models import Run
from apps.sales import queries
from apps.sales.commands import CancelOrder, RefundOrder
from apps.sales.models import Invoice, Order
from tests.support.settling import settle
from tests.support.shop import balances, ordered, stock


def state(order):
    return Order.objects.get(pk=order.pk).state


def test_an_order_goes_its_way_to_the_end(shop, accountant):
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


def test_its_invoice_is_in_the_store(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    settle()

    invoice = Invoice.objects.get(order=order)
    assert (str(invoice), invoice.state) == (f"INV-{invoice.year}-000001", "stored")
    assert invoice.file == f"invoices/{invoice.year}/{invoice}.pdf"
    with files().open(invoice.file) as document:
        assert str(invoice) in PdfReader(document).pages[0].extract_text()


def test_it_is_told(shop, accountant):
    order = dispatch(ordered(), actor=accountant)
    settle()

    published = set(OutboxEvent.objects.values_list("name", flat=True))
    assert published >= {"order.created", "payment.confirmed", "invoice.issued", "order.completed"}
    assert OutboxEvent.objects.get(name="order.created").payload == {
        "order_id": order.pk,
        "customer_id": shop.pk,
    }


def test_a_card_that_is_declined_takes_everything_back(shop, accountant):
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


def test_an_order_of_more_than_there_is_is_cancelled(shop, accountant):
    order = dispatch(ordered(BOLT=11, NUT=6), actor=accountant)
    settle()

    cancelled = Order.objects.get(pk=order.pk)
    assert cancelled.state == "cancelled"
    assert cancelled.why == (
        "There is not enough in stock: 11 of BOLT are wanted and 10 are free; 6 of NUT are wanted and 5 are free."
    )
    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert Payment.objects.count() == 0
    assert queries.reconcile() == []


class DiskFull(Exception):
    """Nothing that a rule says."""


@pytest.fixture
def broken(monkeypatch):
    """Names the states that no order can reach for the time being."""
    states, move_to = set(), Order.move_to

    def moving(order, state, why=""):
        if state in states:
            raise DiskFull
        move_to(order, state, why)

    monkeypatch.setattr(Order, "move_to", moving)
    return states


def test_an_order_that_cannot_be_begun_is_cancelled(shop, accountant, broken):
    broken.add("confirmed")
    order = dispatch(ordered(), actor=accountant)
    hours_go_by()

    cancelled = Order.objects.get(pk=order.pk)
    assert (cancelled.state, cancelled.why) == ("cancelled", "DiskFull: ")
    assert Run.objects.get().state == "compensated"
    assert queries.reconcile() == []


def test_an_order_that_cannot_be_cancelled_either_says_that_it_needs_somebody(
    shop, accountant, owner, client_for, broken
):
    broken.update({"confirmed", "cancelled"})
    order = dispatch(ordered(), actor=accountant)
    hours_go_by()

    run = Run.objects.get()
    assert (run.state, run.step, state(order)) == ("needs_attention", "place order", "placed")
    clerk = client_for(accountant)
    shown = clerk.get(f"/t/acme/api/v1/sales/orders/{order.pk}/").json()
    assert (shown["saga_state"], shown["last_error"]) == ("needs_attention", "DiskFull: ")
    for page in ("", f"{order.pk}/change/"):
        assert "Needs attention" in clerk.get(f"/t/acme/sales/order/{page}").content.decode()

    broken.clear()
    dispatch(RetrySaga(run_id=run.pk, reason="There is room again."), actor=owner)
    settle()

    assert (state(order), Run.objects.get().state) == ("cancelled", "compensated")
    assert queries.reconcile() == []


def hours_go_by():
    """So that all is tried as often as it is tried."""
    for hours in range(12):
        with moved_to(now() + dt.timedelta(hours=hours)):
            settle()


def test_a_lost_answer_charges_once(shop, accountant):
    order = dispatch(ordered("tok_lost_answer"), actor=accountant)
    settle()
    assert state(order) == "confirmed"
    later()

    assert state(order) == "completed"
    assert balances()["1000"] == Decimal("6.50")
    assert queries.reconcile() == []


def test_a_bank_transfer_waits_for_somebody_who_sees_it(shop, accountant):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    assert (state(order), stock()["BOLT"]) == ("confirmed", (10, 4))
    payment = Payment.objects.get(reference=order.subject)

    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="statement 7/12"), actor=accountant)
    settle()

    assert state(order) == "completed"
    assert queries.reconcile() == []


def test_cancelling_while_it_waits_takes_everything_back(shop, accountant):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()

    dispatch(CancelOrder(order_id=order.pk, reason="The customer rang"), actor=accountant)
    settle()

    assert stock() == {"BOLT": (10, 0), "NUT": (5, 0)}
    assert Payment.objects.get().state == "void"
    assert Run.objects.get().state == "compensated"
    assert queries.reconcile() == []


def test_money_that_comes_after_the_order_was_cancelled_goes_back(shop, accountant):
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


def test_an_order_that_was_paid_and_is_cancelled_is_refunded(shop, accountant):
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


def test_a_refund_is_taken_off_the_sale(shop, accountant, controller):
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


def test_a_refund_of_the_payment_alone_is_taken_off_too(shop, accountant, controller):
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


def test_a_refund_of_what_was_not_invoiced_yet_is_taken_off_when_it_is(shop, accountant, controller):
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


def test_goods_that_somebody_took_first_are_not_sold_twice(shop, accountant):
    dispatch(ReserveStock(reference="fair", lines=(ItemQuantity("BOLT", 8),)), actor=accountant)
    order = dispatch(ordered(), actor=accountant)
    settle()

    assert state(order) == "cancelled"
    assert stock()["BOLT"] == (10, 8)


def test_news_that_is_heard_again_changes_nothing(shop, accountant, controller):
    """All of it, from the first order on: no second entry, charge, refund, invoice or move of stock."""
    for card in ("tok_ok", "tok_declined"):
        order = dispatch(ordered(card, BOLT=1), actor=accountant)
    settle()
    paid = Order.objects.get(state="completed")
    dispatch(
        RefundOrder(order_id=paid.pk, amount=Decimal(1), reason="Bent", reference="RMA-1"), actor=controller
    )
    settle()
    before = (balances(), stock(), everything())

    handled = Delivery.objects.using("relay").filter(status="done")
    assert handled.update(status="pending", attempts=0, done_at=None) > 20
    settle()

    assert (balances(), stock(), everything()) == before
    assert state(order) == "cancelled"
    assert queries.reconcile() == []


def everything():
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


def test_many_orders_reconcile(shop, accountant):
    """Only two of them can be served."""
    for _ in range(6):
        dispatch(ordered(BOLT=5), actor=accountant)
    settle()

    assert sorted(Order.objects.values_list("state", flat=True)) == ["cancelled"] * 4 + ["completed"] * 2
    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2]
    assert queries.reconcile() == []


def later():
    """What is to be tried again is tried now."""
    Delivery.objects.using("relay").filter(status="pending").update(next_at=now())
    settle()
