"""Credits of customers: their orders, the pages and the API."""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import pytest

from apps.bus import dispatch
from apps.payments.commands import ApplyCredit, ReceiveTransfer
from apps.payments.errors import CreditOfOtherPayer, PayerDiffers
from apps.payments.models import Credit, CreditRefund, Payment
from apps.sales import queries
from apps.sales.commands import AddCustomer
from apps.sales.models import Order
from tests.support.settling import settle
from tests.support.shop import balances, ordered

pytestmark = pytest.mark.exhaustive("each test delivers all events of an order", one_in=3)


def transfer(amount, number, **fields):
    return ReceiveTransfer(amount=Decimal(amount), currency="USD", provider_payment_id=number, **fields)


@pytest.fixture
def order(shop, accountant):
    """An order of Hooli for 6.50, to be paid by bank transfer."""
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    return order


def test_an_order_is_completed_when_its_parts_arrived(order, accountant):
    dispatch(transfer("4", "bank-1", reference=order.subject), actor=accountant)
    settle()
    assert Order.objects.get().state == "confirmed"

    dispatch(transfer("3", "bank-2", reference=order.subject), actor=accountant)
    settle()

    assert Order.objects.get().state == "completed"
    rest = Credit.objects.latest("pk")
    assert (rest.payer_name, rest.unused.minor) == ("Hooli Inc.", 50)
    assert balances() == {
        "1000": Decimal(7),
        "1100": Decimal(0),
        "2100": Decimal("-0.50"),
        "4000": Decimal("-6.50"),
    }
    assert queries.reconcile() == []


def test_a_credit_is_used_for_the_orders_of_its_customer_only(order, accountant, controller):
    dispatch(AddCustomer(code="STARK", name="Stark Supplies"), actor=controller)
    stark = dispatch(transfer("10", "bank-1", payer="STARK"), actor=accountant)
    hooli = dispatch(transfer("4", "bank-2", payer="HOOLI"), actor=accountant)
    dispatch(transfer("4", "bank-3", payer="HOOLI"), actor=accountant)
    payment = Payment.objects.get()

    with pytest.raises(CreditOfOtherPayer):
        dispatch(ApplyCredit(credit_id=stark.pk, payment_id=payment.pk), actor=accountant)
    with pytest.raises(PayerDiffers):
        dispatch(transfer("1", "bank-4", payer="STARK", reference=order.subject), actor=accountant)
    dispatch(ApplyCredit(credit_id=hooli.pk, payment_id=payment.pk), actor=accountant)
    settle()

    assert Order.objects.get().state == "completed"
    assert [credit.unused.minor for credit in Credit.objects.order_by("pk")] == [1000, 0, 150]
    assert queries.reconcile() == []


def test_the_pages_of_credits_book_apply_and_refund(order, controller, client_for):
    console, payment = client_for(controller), Payment.objects.get()
    received = {"amount": "9.00", "currency": "USD", "provider_payment_id": "bank-1", "payer": "HOOLI"}
    page = console.post("/t/acme/payments/receive/", received, follow=True)
    assert "9.00 USD is booked; 9.00 USD of it is on account." in page.content.decode()
    credit = Credit.objects.get()

    listed = console.get("/t/acme/payments/credit/?open=yes").content.decode()
    assert "Hooli Inc." in listed
    assert f"P-{payment.pk}" in console.get(f"/t/acme/payments/credits/{credit.pk}/apply/").content.decode()
    console.post(f"/t/acme/payments/credits/{credit.pk}/apply/", {"payment_id": payment.pk})
    refund = {"amount": "2.50", "reason": "Paid too much", "reference": "R1"}
    page = console.post(f"/t/acme/payments/credits/{credit.pk}/refund/", refund, follow=True)

    assert "2.50 USD is refunded." in page.content.decode()
    assert Payment.objects.get().state == "confirmed"
    assert (Credit.objects.get().unused.minor, CreditRefund.objects.get().amount_minor) == (0, 250)
    assert "Hooli Inc." not in console.get("/t/acme/payments/credit/?open=yes").content.decode()
    other = {"amount": "1.00", "currency": "USD", "provider_payment_id": "bank-2"}
    console.post(f"/t/acme/payments/{payment.pk}/receive/", other)
    assert Credit.objects.latest("pk").reference == order.subject


def test_the_api_of_credits_books_applies_and_refunds(order, controller, client_for):
    console, payment, numbers = client_for(controller), Payment.objects.get(), count()

    def post(path, **data):
        return console.post(
            f"/t/acme/api/v1/payments/{path}",
            data,
            content_type="application/json",
            headers={"Idempotency-Key": f"k-{next(numbers)}"},
        )

    booked = post("credits/", amount="9.00", currency="USD", provider_payment_id="bank-1", payer="HOOLI")
    assert (booked.status_code, booked.json()["unused"]) == (201, "9.00")
    credit = f"credits/{booked.json()['id']}/"
    applied = post(f"{credit}apply/", payment_id=payment.pk)
    assert (applied.status_code, applied.json()["paid_through"]) == (200, "credit")
    refused = post(f"{credit}refunds/", amount="2.51", reason="Paid too much", reference="R1")
    assert (refused.status_code, refused.json()["code"]) == (409, "payments.credit_exceeded")
    refunded = post(f"{credit}refunds/", amount="2.50", reason="Paid too much", reference="R2")
    sent = post(f"credit-refunds/{refunded.json()['id']}/sent/", provider_refund_id="out-1")

    assert sent.json()["sent_at"]
    assert console.get(f"/t/acme/api/v1/payments/{credit}").json()["unused"] == "0.00"
    assert len(console.get("/t/acme/api/v1/payments/credit-refunds/").json()["results"]) == 1
    assert queries.reconcile() == []
