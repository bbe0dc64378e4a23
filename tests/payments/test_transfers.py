"""A transfer is booked once, also if it is entered as one of another provider; money for a payment that has ended pays
for the payment that replaced it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.payments import queries
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    FailPayment,
    ReceiveTransfer,
    RequestPayment,
    VoidPayment,
)
from apps.payments.errors import TransferOfOtherProvider
from apps.payments.models import Credit, Payment, Refund, Transfer
from apps.payments.providers import PROVIDERS
from apps.webhooks.hooks import Incoming, function_for
from tests.support.settling import settle
from tests.support.shop import balances


def request(actor, provider="manual", token=""):
    command = RequestPayment(
        reference="order:1", amount=Decimal(100), currency="USD", provider=provider, token=token
    )
    return dispatch(command, actor=actor)


def transfer(number, amount="100", **fields):
    return ReceiveTransfer(
        amount=Decimal(amount),
        currency="USD",
        provider_payment_id=number,
        **{"reference": "order:1", **fields},
    )


def confirmation(payment, number, **fields):
    return ConfirmPayment(payment_id=payment.pk, provider_payment_id=number, **fields)


def webhook(payment, number, kind="payment.confirmed", **data):
    data = {"payment_id": payment.pk, "provider_payment_id": number, **data}
    message = Incoming(
        source=payment.provider,
        id="m-1",
        type=kind,
        data=data,
        payload={"data": data},
        received_at=now(),
        actor=System("The provider"),
    )
    return function_for(kind)(message)


def state(payment):
    payment = Payment.objects.get(pk=payment.pk)
    return payment.state, payment.paid_through


@pytest.fixture
def charged(till, controller):
    """A payment by card that was charged, of which the response is lost, and the number of the charge."""
    payment = request(controller, "sandbox", "tok_ok")
    return payment, PROVIDERS["sandbox"].charge(payment).transaction_id


def test_a_charge_that_a_client_confirms_without_a_provider_is_booked_once(charged, client_for, controller):
    payment, number = charged

    response = client_for(controller).post(
        f"/t/acme/api/v1/payments/payments/{payment.pk}/confirm/",
        {"provider_payment_id": number},
        content_type="application/json",
        headers={"Idempotency-Key": "k-1"},
    )
    settle()
    webhook(payment, number)

    assert (response.status_code, response.json()["paid_through"]) == (200, "sandbox")
    assert not Credit.objects.exists()
    assert balances()["1000"] == 100
    assert queries.reconcile() == []


def test_a_charge_that_is_confirmed_as_a_bank_transfer_is_booked_once(charged, controller):
    payment, number = charged

    dispatch(confirmation(payment, number, provider="manual"), actor=controller)
    settle()  # withdraws the charge at its provider, which returns it

    assert webhook(payment, number) == payment
    assert not Credit.objects.exists()
    assert balances()["1000"] == 100
    assert queries.reconcile() == []


def test_a_charge_that_is_entered_as_money_received_is_booked_once(charged, controller):
    payment, number = charged
    credit = dispatch(transfer(number), actor=controller)

    with pytest.raises(TransferOfOtherProvider, match=r"booked already, as credit \d+ through manual"):
        dispatch(confirmation(payment, number), actor=controller)
    settle()

    assert webhook(payment, number) == credit
    reported = {"amount": "100.00", "currency": "USD", "reference": "order:1"}
    assert webhook(payment, number, "transfer.received", **reported) == credit
    assert (state(payment), balances()["1000"]) == (("requested", ""), 100)
    dispatch(ApplyCredit(credit_id=credit.pk, payment_id=payment.pk), actor=controller)
    settle()
    assert state(payment) == ("confirmed", "credit")
    assert (Credit.objects.count(), balances()["1000"]) == (1, 100)
    assert queries.reconcile() == []


def test_a_charge_that_is_booked_is_not_received_as_a_bank_transfer(charged, controller):
    payment, number = charged
    settle()
    assert state(payment) == ("confirmed", "sandbox")

    with pytest.raises(TransferOfOtherProvider, match=r"as payment \d+ through sandbox"):
        dispatch(transfer(number), actor=controller)

    assert list(Transfer.objects.values_list("provider", flat=True)) == ["sandbox"]


@pytest.mark.parametrize("other", [{"amount": "60"}, {"reference": "order:2"}, {"reference": ""}])
def test_a_number_of_another_provider_with_another_amount_or_purpose_is_another_transfer(
    charged, controller, other
):
    _payment, number = charged
    settle()

    dispatch(transfer(number, **other), actor=controller)

    assert set(Transfer.objects.values_list("provider", flat=True)) == {"sandbox", "manual"}


@pytest.mark.parametrize("command", [FailPayment, VoidPayment])
def test_money_for_a_payment_that_has_ended_confirms_the_one_that_replaced_it(till, controller, command):
    ended = request(controller)
    dispatch(command(payment_id=ended.pk, reason="No cover"), actor=controller)
    replacement = request(controller)

    for _ in range(2):
        webhook(ended, "bank-1", amount="100.00", currency="USD")

    assert state(replacement) == ("confirmed", "credit")
    assert state(ended)[1] == ""
    assert not Refund.objects.exists()
    assert balances()["1000"] == 100
    assert queries.reconcile() == []


def test_parts_for_a_payment_that_has_ended_confirm_the_one_that_replaced_it(till, controller):
    ended = request(controller)
    dispatch(FailPayment(payment_id=ended.pk, reason="No cover"), actor=controller)
    replacement = request(controller)

    for number, amount in (("bank-1", "60"), ("bank-2", "40")):
        dispatch(transfer(number, amount, payment_id=ended.pk), actor=controller)

    assert state(replacement) == ("confirmed", "credit")
    assert queries.reconcile() == []


def test_the_late_charge_of_a_card_is_refunded_though_another_payment_is_outstanding(charged, controller):
    payment, _number = charged
    dispatch(FailPayment(payment_id=payment.pk, reason="No reply"), actor=controller)
    replacement = request(controller)

    settle()

    assert Refund.objects.get().payment == payment
    assert state(replacement) == ("requested", "")
    assert queries.reconcile() == []
