"""Orders, payments, invoices, entries and customers link to each other; the page of an order has its history."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.console.related import page_of, related_tables
from apps.ledger.models import Entry
from apps.payments.commands import ReceiveTransfer, RefundPayment
from apps.payments.models import Credit, Payment
from apps.sales.commands import CancelOrder
from apps.sales.models import Customer, Invoice
from tests.support.settling import settle
from tests.support.shop import ordered


@pytest.fixture
def by_card(shop, controller):
    """A completed order, of which a part is refunded."""
    order = dispatch(ordered(), actor=controller)
    settle()
    refund(order, controller)
    return order


@pytest.fixture
def by_transfer(shop, controller):
    """A completed order that was paid from money on account, to which a part went back."""
    order = dispatch(ordered(provider="manual", card="", BOLT=2), actor=controller)
    settle()
    dispatch(
        ReceiveTransfer(
            amount=Decimal("3.00"),
            currency="USD",
            provider="manual",
            provider_payment_id="bank-77",
            reference=order.subject,
        ),
        actor=controller,
    )
    settle()
    refund(order, controller)
    return order


def at(row):
    return f"/t/acme{page_of(row)}"


def refund(order, actor):
    payment = Payment.objects.get(reference=order.subject)
    command = RefundPayment(payment_id=payment.pk, amount=Decimal(1), reason="One was bent", reference="r-1")
    dispatch(command, actor=actor)
    settle()


def pages_of(order):
    """The addresses of the records of an order, by kind; there may be several of a kind."""
    payment = Payment.objects.get(reference=order.subject)
    return {
        "order": [at(order)],
        "customer": [at(Customer.objects.get())],
        "invoice": [at(Invoice.objects.get(order=order))],
        "payment": [at(payment)],
        "entry": [at(entry) for entry in Entry.objects.filter(reference=order.subject)],
    }


def links_missing(client, pages):
    """(from, to) of the records of different kinds whose page has no link to the other."""
    missing = []
    for kind, addresses in pages.items():
        for address in addresses:
            page = client.get(address).content.decode()
            for other, targets in pages.items():
                lost = [target for target in targets if f'href="{target}"' not in page]
                # the page of a payment lists its own entries, and an entry the documents that posted it
                if kind != other and lost and {kind, other} != {"payment", "entry"}:
                    missing.append((address, lost))
    return missing


def test_the_records_of_an_order_link_to_each_other_both_ways(by_card, client_for, controller, acme):
    client = client_for(controller)

    assert links_missing(client, pages_of(by_card)) == []
    payment = Payment.objects.get()
    posted = [payment.entry, payment.refunds.get().entry]
    for entry in posted:
        assert f'href="{at(entry)}"' in client.get(at(payment)).content.decode()
        assert f'href="{at(payment)}"' in client.get(at(entry)).content.decode()


def test_money_on_account_links_to_its_order_customer_payment_and_entries(
    by_transfer, client_for, controller
):
    client = client_for(controller)
    payment = Payment.objects.get()
    received, returned = Credit.objects.order_by("pk")

    for credit in (received, returned):
        for other in (payment, credit.entry, Customer.objects.get()):
            assert f'href="{at(other)}"' in client.get(at(credit)).content.decode(), other
            assert f'href="{at(credit)}"' in client.get(at(other)).content.decode(), other
    assert f'href="{at(by_transfer)}"' in client.get(at(received)).content.decode()
    assert f'href="{at(received)}"' in client.get(at(by_transfer)).content.decode()


def test_the_history_of_an_order_has_its_payment_refund_and_invoice_in_the_order_of_time(
    by_card, viewer, controller
):
    history = related_tables(viewer(controller.has_perm), by_card)[0]

    events = [event for _time, (event, _page), _detail in history.rows]
    assert events[0] == "Placed by Controller"
    names = ("Payment requested", "Payment confirmed", "Invoice issued", "Refunded")
    assert [event for event in events if event in names] == [*names]
    refunded = next(detail for _time, (event, _page), detail in history.rows if event == "Refunded")
    assert refunded == ("1.00 USD: One was bent", page_of(Payment.objects.get()))


def test_the_history_of_a_cancelled_order_has_the_steps_that_were_rolled_back(shop, viewer, controller):
    order = dispatch(ordered(provider="manual", card=""), actor=controller)
    settle()
    dispatch(CancelOrder(order_id=order.pk, reason="Changed their mind."), actor=controller)
    settle()

    history = related_tables(viewer(controller.has_perm), order)[0]

    events = [event for _time, (event, _page), _detail in history.rows]
    assert "Rolled back" in events
    assert "Payment ended" in events


def test_records_that_the_user_may_not_view_are_omitted(by_card, viewer):
    titles = {
        str(table.title) for table in related_tables(viewer({"sales.view_order"}.__contains__), by_card)
    }
    assert titles == {"History"}

    seen = related_tables(viewer({"payments.view_payment"}.__contains__), by_card)
    assert {str(table.title) for table in seen} == {"History", "Payments", "Refunds"}


def test_the_number_of_queries_does_not_grow_with_the_records(by_card, viewer, controller, shop):
    def queries(row):
        with CaptureQueriesContext(connection) as captured:
            related_tables(viewer(lambda permission: True), row)
        return len(captured)

    before = queries(shop), queries(by_card), queries(Payment.objects.get().entry)
    refund_again = RefundPayment(
        payment_id=Payment.objects.get().pk, amount=Decimal(1), reason="Another", reference="r-2"
    )
    dispatch(refund_again, actor=controller)
    dispatch(ordered(BOLT=1), actor=controller)
    settle()

    assert (queries(shop), queries(by_card), queries(Payment.objects.first().entry)) == before


@pytest.fixture
def viewer():
    """A request of a user with the permissions for which the function returns true."""

    def request(has_perm):
        page = RequestFactory().get("/")
        page.user = SimpleNamespace(is_authenticated=True, has_perm=has_perm)
        return page

    return request


def test_a_page_of_an_entry_or_credit_finds_its_order_and_customer_by_their_ids(
    by_transfer, viewer, controller
):
    """No text is built for all customers or orders, which no index could find."""
    credit = Credit.objects.order_by("pk").first()

    for row in (credit, credit.entry):
        with CaptureQueriesContext(connection) as captured:
            related_tables(viewer(controller.has_perm), row)
        for table in ("sales_order", "sales_customer"):
            read = [query["sql"] for query in captured if f'FROM "{table}"' in query["sql"][:2000]]
            assert read
            assert not [text for text in read if f"'{table.removeprefix('sales_')}:'" in text]
