"""A failed or void payment is withdrawn at its provider; a charge that is confirmed afterwards is not lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.kernel.clock import today
from apps.payments import queries
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    FailPayment,
    ReceiveTransfer,
    RequestPayment,
    VoidPayment,
)
from apps.payments.models import Credit, Payment, Refund
from apps.payments.providers import PENDING, PROVIDERS, ProviderResponse
from tests.support.settling import settle


class SlowCard:
    """A processor that reports its charges later. `charged` is set by a test once it has charged."""

    def __init__(self):
        self.charged, self.withdrawn = False, []

    def charge(self, payment):
        return PENDING

    def withdraw(self, payment):
        self.withdrawn.append(payment.pk)
        if self.charged:
            return ProviderResponse(transaction_id=f"card-{payment.pk}", done_on=today())
        return ProviderResponse(declined="It was withdrawn.")

    def send_refund(self, refund):
        return ProviderResponse(transaction_id=refund.provider_key)


@pytest.fixture
def card(till, monkeypatch):
    processor = SlowCard()
    monkeypatch.setitem(PROVIDERS, "sandbox", processor)
    return processor


@pytest.fixture
def pending(card, accountant):
    """A payment by card for which the processor has not reported yet."""
    command = RequestPayment(
        reference="order:1", amount=Decimal(100), currency="USD", provider="sandbox", token="tok_ok"
    )
    payment = dispatch(command, actor=accountant)
    settle()
    return payment


def end(payment, command, actor):
    dispatch(command(payment_id=payment.pk, reason="No reply in time"), actor=actor)
    settle()


@pytest.mark.parametrize("command", [FailPayment, VoidPayment])
def test_a_failed_or_void_payment_is_withdrawn(card, pending, controller, command):
    end(pending, command, controller)

    assert card.withdrawn == [pending.pk]
    assert Payment.objects.get().state in ("failed", "void")


@pytest.mark.parametrize("command", [FailPayment, VoidPayment])
def test_a_charge_before_the_withdrawal_is_booked_and_refunded(card, pending, controller, command):
    card.charged = True

    end(pending, command, controller)

    payment, refund = Payment.objects.get(), Refund.objects.get()
    assert (payment.state, payment.refunded_minor) == ("confirmed", 10_000)
    assert refund.provider_refund_id == refund.provider_key
    assert queries.reconcile() == []


def test_a_payment_by_card_that_is_paid_otherwise_is_withdrawn(card, pending, controller):
    transfer = ReceiveTransfer(amount=Decimal(100), currency="USD", provider_payment_id="bank-1")
    credit = dispatch(transfer, actor=controller)

    dispatch(ApplyCredit(credit_id=credit.pk, payment_id=pending.pk), actor=controller)
    settle()

    assert card.withdrawn == [pending.pk]


def test_a_charge_of_a_payment_that_is_paid_otherwise_is_on_account(card, pending, controller):
    card.charged = True
    confirm = ConfirmPayment(payment_id=pending.pk, provider_payment_id="bank-1", provider="manual")

    dispatch(confirm, actor=controller)
    settle()

    credit = Credit.objects.get()
    assert (credit.provider, credit.unused.minor) == ("sandbox", 10_000)
    assert queries.reconcile() == []


def test_a_payment_that_its_provider_has_charged_is_not_withdrawn(card, pending, controller):
    confirm = ConfirmPayment(payment_id=pending.pk, provider_payment_id="card-1", provider="sandbox")

    dispatch(confirm, actor=controller)
    settle()

    assert card.withdrawn == []
