"""Money that was received in a currency is refunded and applied in it, after the currency was withdrawn too."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.kernel import currencies
from apps.kernel.clock import today
from apps.kernel.currencies import CurrencyWithdrawn
from apps.payments import queries
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
)
from apps.payments.models import CreditRefund, Refund
from apps.sales.commands import CancelOrder
from apps.sales.models import Order
from tests.support.settling import settle
from tests.support.shop import ordered


@pytest.fixture
def withdraw_dollar(monkeypatch):
    """Withdraws the dollar from today on."""

    def withdraw():
        withdrawn = replace(currencies.ALL["USD"], withdrawn_on=today() - dt.timedelta(days=1))
        monkeypatch.setitem(currencies.ALL, "USD", withdrawn)

    return withdraw


def test_a_payment_is_refunded_in_its_withdrawn_currency(paid, withdraw_dollar, controller):
    withdraw_dollar()

    refund = RefundPayment(payment_id=paid.pk, amount=Decimal(100), reason="Returned", reference="R1")
    dispatch(refund, actor=controller)

    assert Refund.objects.get().state == "posted"
    assert queries.reconcile() == []
    with pytest.raises(CurrencyWithdrawn):
        request = RequestPayment(reference="order:2", amount=Decimal(1), currency="USD")
        dispatch(request, actor=controller)


def test_a_credit_is_applied_and_refunded_in_its_withdrawn_currency(requested, withdraw_dollar, controller):
    transfer = ReceiveTransfer(amount=Decimal(150), currency="USD", provider_payment_id="bank-1")
    credit = dispatch(transfer, actor=controller)
    withdraw_dollar()

    dispatch(ApplyCredit(credit_id=credit.pk, payment_id=requested.pk), actor=controller)
    refund = RefundCredit(credit_id=credit.pk, amount=Decimal(50), reason="Too much", reference="R1")
    dispatch(refund, actor=controller)
    # the payment from credits, whose own entry is later than the withdrawal
    refund = RefundPayment(payment_id=requested.pk, amount=Decimal(100), reason="Returned", reference="R1")
    dispatch(refund, actor=controller)

    assert CreditRefund.objects.count() == 1
    assert queries.reconcile() == []


@pytest.mark.exhaustive("delivers all events of an order", one_in=3)
def test_a_paid_order_is_cancelled_in_its_withdrawn_currency(shop, withdraw_dollar, controller):
    order = dispatch(ordered(provider="manual", card=""), actor=controller)
    settle()
    payment = queries.payments_for(order.subject)[0]
    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="bank-1"), actor=controller)
    withdraw_dollar()

    dispatch(CancelOrder(order_id=order.pk, reason="Not wanted"), actor=controller)
    settle()

    assert Order.objects.get().state == "cancelled"
    assert Refund.objects.get().amount.minor == 650
