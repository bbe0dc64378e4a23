"""What a provider tells by webhook: twice, late, and in the wrong order."""

from __future__ import annotations

import itertools

import pytest

from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.ledger.models import Entry
from apps.payments import hookimpls, queries
from apps.payments.errors import AmountMismatch, ProviderMismatch
from apps.payments.models import Payment
from apps.webhooks.hooks import Incoming, function_for


def told(kind, payment, number="bank-1", source="", **more):
    data = {"payment_id": payment.pk, "provider_payment_id": number, "reason": "No cover", **more}
    message = Incoming(
        source=source or payment.provider,
        id="m-1",
        type=kind,
        data=data,
        said={"data": data},
        received_at=now(),
        actor=System("The bank"),
    )
    function_for(kind)(message)


def test_both_are_registered():
    assert function_for("payment.confirmed") is hookimpls.confirmed
    assert function_for("payment.failed") is hookimpls.failed


def test_a_confirmation_that_is_told_twice_is_booked_once(asked):
    told("payment.confirmed", asked)
    told("payment.confirmed", asked)

    assert Entry.objects.count() == 1
    assert Payment.objects.get().state == "confirmed"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["payment.confirmed", "payment.failed", "payment.failed"]))
)
def test_whatever_the_order_the_money_is_where_the_books_say(asked, order):
    for kind in order:
        told(kind, asked)

    kept = order[0] == "payment.confirmed"
    assert Payment.objects.get().state == "confirmed"
    assert Payment.objects.get().refunded_minor == (0 if kept else 10000)
    assert queries.reconcile() == []


def test_a_source_speaks_for_no_other_provider(asked):
    with pytest.raises(ProviderMismatch):
        told("payment.confirmed", asked, source="shipper")

    assert Payment.objects.get(pk=asked.pk).state == "requested"


def test_what_was_asked_is_what_has_come(asked):
    told("payment.confirmed", asked, amount="100.00", currency="USD")

    assert Payment.objects.get(pk=asked.pk).state == "confirmed"


@pytest.mark.parametrize(("amount", "currency"), [("99.99", "USD"), ("100.00", "EUR"), ("100.01", "USD")])
def test_another_amount_confirms_nothing(asked, amount, currency):
    with pytest.raises(AmountMismatch):
        told("payment.confirmed", asked, amount=amount, currency=currency)

    assert Payment.objects.get(pk=asked.pk).state == "requested"
    assert not Entry.objects.exists()
