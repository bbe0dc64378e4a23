"""Requesting, confirming, failing and voiding payments."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import Delivery, OutboxEvent
from apps.events.relay import route
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments import queries
from apps.payments.commands import ConfirmPayment, FailPayment, RequestPayment, VoidPayment
from apps.payments.errors import (
    AmountNotPositive,
    PaymentDiffers,
    PaymentHasFailed,
    PaymentIsConfirmed,
    PaymentIsVoid,
    ProviderIdTaken,
    ProviderUnknown,
)
from apps.payments.models import Payment, Refund, SandboxOperation
from apps.payments.providers import PROVIDERS
from tests.support.settling import settle


def request(reference="order:1", amount="100", provider="manual", token="", currency="USD"):
    return RequestPayment(
        reference=reference, amount=Decimal(amount), currency=currency, provider=provider, token=token
    )


def confirm(payment, number="bank-1"):
    return ConfirmPayment(payment_id=payment.pk, provider_payment_id=number)


def fail(payment, reason="No cover"):
    return FailPayment(payment_id=payment.pk, reason=reason)


def void(payment, reason="No longer needed"):
    return VoidPayment(payment_id=payment.pk, reason=reason)


def names():
    return list(
        OutboxEvent.objects.filter(name__startswith="payment.").order_by("id").values_list("name", flat=True)
    )


def test_a_repeated_request_returns_the_first_payment(requested, accountant):
    assert dispatch(request(), actor=accountant).pk == requested.pk
    with pytest.raises(PaymentDiffers):
        dispatch(request(amount="99"), actor=accountant)
    assert names() == ["payment.requested"]


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"amount": "0"}, AmountNotPositive),
        ({"amount": "-5"}, AmountNotPositive),
        ({"provider": "barter"}, ProviderUnknown),
    ],
)
def test_an_invalid_request_is_refused(till, accountant, wrong, refusal):
    with pytest.raises(refusal):
        dispatch(request(**wrong), actor=accountant)


def test_a_repeated_confirmation_is_posted_once(requested, accountant):
    first, again = (
        dispatch(confirm(requested), actor=accountant),
        dispatch(confirm(requested), actor=accountant),
    )

    assert (first.state, again.pk) == ("confirmed", requested.pk)
    entry = Entry.objects.get()
    assert entry.source == f"payment_confirmed:{requested.pk}"
    assert [(line.account.code, line.amount_minor) for line in entry.lines.all()] == [
        ("1000", 10000),
        ("1100", -10000),
    ]
    assert names() == ["payment.requested", "payment.confirmed"]
    assert queries.reconcile() == []


def test_a_provider_payment_id_confirms_one_payment(paid, accountant):
    other = dispatch(request("order:2"), actor=accountant)

    with pytest.raises(ProviderIdTaken):
        dispatch(confirm(other, "bank-1"), actor=accountant)
    with pytest.raises(Refusal):
        dispatch(confirm(paid, "bank-2"), actor=accountant)
    assert Entry.objects.count() == 1


def test_a_repeated_failure_is_published_once(requested, accountant):
    dispatch(fail(requested), actor=accountant)
    dispatch(fail(requested, "Another reason"), actor=accountant)

    with pytest.raises(PaymentHasFailed, match="No cover"):
        queries.is_confirmed(requested.pk)
    assert names() == ["payment.requested", "payment.failed"]


def test_a_failure_after_the_confirmation_is_refused(paid, accountant):
    with pytest.raises(PaymentIsConfirmed):
        dispatch(fail(paid), actor=accountant)

    assert queries.is_confirmed(paid.pk)


def test_a_request_after_a_failure_makes_another_payment(requested, accountant):
    dispatch(fail(requested), actor=accountant)

    assert dispatch(request(), actor=accountant).pk != requested.pk


def test_a_repeated_void_changes_nothing(requested, controller):
    first, again = dispatch(void(requested), actor=controller), dispatch(void(requested), actor=controller)

    assert first.state == again.state == "void"
    with pytest.raises(PaymentIsVoid):
        queries.is_confirmed(requested.pk)
    assert Entry.objects.count() == 0


def test_voiding_a_confirmed_payment_refunds_it(paid, controller):
    dispatch(void(paid), actor=controller)
    dispatch(void(paid), actor=controller)

    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.state, refund.entry.source) == (
        10000,
        "posted",
        f"refund_ledger:{paid.pk}:rest after 0 of payment {paid.pk}",
    )
    assert queries.reconcile() == []


@pytest.mark.parametrize("ended", [fail, void])
def test_money_received_for_a_closed_payment_is_posted_and_refunded(requested, accountant, controller, ended):
    dispatch(ended(requested), actor=controller)

    dispatch(confirm(requested), actor=accountant)
    dispatch(confirm(requested), actor=accountant)

    assert Payment.objects.get().refunded_minor == 10000
    assert Entry.objects.count() == 2
    assert queries.reconcile() == []


def test_late_money_leaves_a_newer_request_outstanding(requested, accountant):
    dispatch(fail(requested), actor=accountant)
    second = dispatch(request(), actor=accountant)

    dispatch(confirm(requested), actor=accountant)

    assert Payment.objects.get(pk=second.pk).state == "requested"
    assert queries.reconcile() == []


def test_a_confirmation_by_an_auditor_is_denied(requested, auditor, accountant):
    with pytest.raises(PermissionDenied):
        dispatch(confirm(requested), actor=auditor)
    with pytest.raises(PermissionDenied):
        dispatch(void(requested), actor=accountant)


# The sandbox provider


@pytest.mark.parametrize(
    ("token", "state"), [("tok_ok", "confirmed"), ("tok_declined", "failed"), ("", "failed")]
)
def test_the_token_decides_the_outcome_of_a_charge(till, accountant, token, state):
    payment = dispatch(request(provider="sandbox", token=token), actor=accountant)
    settle()

    assert Payment.objects.get(pk=payment.pk).state == state


def test_a_slow_card_is_confirmed(till, accountant, monkeypatch):
    monkeypatch.setattr("apps.payments.providers.SLOW_CARD_DELAY_S", 0)
    payment = dispatch(request(provider="sandbox", token="tok_slow"), actor=accountant)
    settle()

    assert queries.is_confirmed(payment.pk)


def test_a_repeated_charge_returns_the_first_response(till, accountant):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)

    responses = {PROVIDERS["sandbox"].charge(payment) for _ in range(3)}

    assert len(responses) == 1
    assert SandboxOperation.objects.count() == 1


def test_a_charge_with_a_lost_response_is_retried(till, accountant):
    payment = dispatch(request(provider="sandbox", token="tok_lost_response"), actor=accountant)
    settle()
    assert SandboxOperation.objects.count() == 1
    assert Payment.objects.get().state == "requested"

    assert PROVIDERS["sandbox"].charge(payment).transaction_id


def test_a_void_payment_is_not_charged(till, accountant, controller):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)
    dispatch(void(payment), actor=controller)
    settle()

    assert PROVIDERS["sandbox"].charge(payment).declined
    assert Payment.objects.get().state == "void"


@pytest.mark.parametrize("ended", [fail, void])
def test_a_charge_by_a_killed_worker_for_a_closed_payment_is_refunded(till, accountant, controller, ended):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)
    PROVIDERS["sandbox"].charge(payment)
    dispatch(ended(payment), actor=controller)

    settle()

    assert Payment.objects.get().refunded_minor == payment.amount_minor
    assert Refund.objects.get().sent_at is not None
    assert queries.reconcile() == []


def test_a_charge_with_a_dropped_delivery_is_refunded_by_voiding(till, accountant, controller):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)
    PROVIDERS["sandbox"].charge(payment)  # by a worker that was killed before its confirmation
    with activate(None):
        route()
    Delivery.objects.filter(subscriber="payments.charge").update(status="dropped")
    dispatch(void(payment), actor=controller)

    settle()

    payment.refresh_from_db()
    assert (payment.state, payment.refundable.minor) == ("confirmed", 0)
    assert Refund.objects.get().sent_at
    assert queries.reconcile() == []
