"""Webhooks of a provider: repeated, late, and out of order."""

from __future__ import annotations

import itertools

import pytest

from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.notation import AmountMalformed, WholeNumberMalformed
from apps.ledger.models import Entry
from apps.payments import hookimpls, queries
from apps.payments.errors import AmountMissing, PaymentUnknown, ProviderMismatch, ProviderUnknown
from apps.payments.models import Credit, Payment
from apps.webhooks.hooks import Incoming, function_for


def receive(kind, payment, number="bank-1", source="", **more):
    data = {"payment_id": payment.pk, "provider_payment_id": number, "reason": "No cover", **more}
    message = Incoming(
        source=source or payment.provider,
        id="m-1",
        type=kind,
        data=data,
        payload={"data": data},
        received_at=now(),
        actor=System("The bank"),
    )
    function_for(kind)(message)


def test_the_webhooks_of_payments_are_registered():
    assert function_for("payment.confirmed") is hookimpls.confirmed
    assert function_for("payment.failed") is hookimpls.failed


def test_a_repeated_confirmation_webhook_is_posted_once(requested):
    receive("payment.confirmed", requested)
    receive("payment.confirmed", requested)

    assert Entry.objects.count() == 1
    assert Payment.objects.get().state == "confirmed"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["payment.confirmed", "payment.failed", "payment.failed"]))
)
def test_webhooks_in_any_order_reconcile(requested, order):
    for kind in order:
        receive(kind, requested)

    is_paid = order[0] == "payment.confirmed"
    assert Payment.objects.get().state == "confirmed"
    assert Payment.objects.get().refunded_minor == (0 if is_paid else 10000)
    assert queries.reconcile() == []


def test_a_webhook_from_another_source_is_refused(requested):
    with pytest.raises(ProviderMismatch):
        receive("payment.confirmed", requested, source="shipper")

    assert Payment.objects.get(pk=requested.pk).state == "requested"


def test_a_webhook_with_the_requested_amount_confirms_the_payment(requested):
    receive("payment.confirmed", requested, amount="100.00", currency="USD")

    assert Payment.objects.get(pk=requested.pk).state == "confirmed"


def test_a_webhook_with_another_amount_is_booked_on_account_once(requested):
    for amount, currency, number in (("99.99", "USD", "b1"), ("100.00", "EUR", "b2"), ("0.01", "EUR", "b3")):
        for _ in range(2):
            receive("payment.confirmed", requested, number, amount=amount, currency=currency)

    assert Payment.objects.get(pk=requested.pk).state == "requested"
    booked = Credit.objects.order_by("pk").values_list("amount_minor", "currency", "reference")
    assert list(booked) == [(9999, "USD", "order:1"), (10000, "EUR", "order:1"), (1, "EUR", "order:1")]
    assert Entry.objects.count() == 3
    assert queries.reconcile() == []


def test_money_for_a_payment_that_does_not_exist_is_booked_on_account(requested):
    requested.pk += 1000
    receive("payment.confirmed", requested, amount="5.00", currency="USD")
    with pytest.raises(PaymentUnknown):
        receive("payment.confirmed", requested, "bank-2")

    credit = Credit.objects.get()
    assert (credit.unused.minor, credit.payer, credit.reference) == (500, "", f"payment:{requested.pk}")


def test_a_webhook_about_a_transfer_books_it_on_account(requested):
    for _ in range(2):
        receive("transfer.received", requested, amount="30.00", currency="USD", reference="order:1")
    with pytest.raises(AmountMissing):
        receive("transfer.received", requested, "bank-2")
    with pytest.raises(ProviderUnknown):
        receive("transfer.received", requested, "bank-2", source="shipper", amount="1.00", currency="USD")

    assert [credit.unused.minor for credit in Credit.objects.all()] == [3000]


@pytest.mark.parametrize("amount", ["12,50", "1e2", "1_00.00", "١٠٠", "NaN", "", True, [100], 1e300])
def test_a_webhook_with_an_amount_in_another_notation_is_refused(requested, amount):
    with pytest.raises(AmountMalformed):
        receive("payment.confirmed", requested, amount=amount, currency="USD")

    assert Payment.objects.get(pk=requested.pk).state == "requested"
    assert not Entry.objects.exists()


def test_a_webhook_without_a_whole_payment_id_is_refused(requested):
    for number in (None, "", "٧", "1_0", 1.0, True, [requested.pk]):
        with pytest.raises(WholeNumberMalformed):
            receive("payment.confirmed", requested, payment_id=number)

    assert Payment.objects.get(pk=requested.pk).state == "requested"
