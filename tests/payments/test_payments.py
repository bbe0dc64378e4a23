"""Asking for money, hearing that it came or will not, and wanting it no more."""

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


def void(payment, reason="Not wanted any more"):
    return VoidPayment(payment_id=payment.pk, reason=reason)


def names():
    return list(
        OutboxEvent.objects.filter(name__startswith="payment.").order_by("id").values_list("name", flat=True)
    )


def test_asked_twice_it_is_the_same_payment(asked, accountant):
    assert dispatch(request(), actor=accountant).pk == asked.pk
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
def test_what_cannot_be_paid_is_refused(till, accountant, wrong, refusal):
    with pytest.raises(refusal):
        dispatch(request(**wrong), actor=accountant)


def test_a_confirmation_is_booked_once(asked, accountant):
    first, again = dispatch(confirm(asked), actor=accountant), dispatch(confirm(asked), actor=accountant)

    assert (first.state, again.pk) == ("confirmed", asked.pk)
    entry = Entry.objects.get()
    assert entry.source == f"payment_confirmed:{asked.pk}"
    assert [(line.account.code, line.amount_minor) for line in entry.lines.all()] == [
        ("1000", 10000),
        ("1100", -10000),
    ]
    assert names() == ["payment.requested", "payment.confirmed"]
    assert queries.reconcile() == []


def test_one_payment_of_the_provider_confirms_one_of_ours(paid, accountant):
    other = dispatch(request("order:2"), actor=accountant)

    with pytest.raises(ProviderIdTaken):
        dispatch(confirm(other, "bank-1"), actor=accountant)
    with pytest.raises(Refusal):
        dispatch(confirm(paid, "bank-2"), actor=accountant)
    assert Entry.objects.count() == 1


def test_a_failure_is_told_once_and_says_why(asked, accountant):
    dispatch(fail(asked), actor=accountant)
    dispatch(fail(asked, "Another reason"), actor=accountant)

    with pytest.raises(PaymentHasFailed, match="No cover"):
        queries.is_confirmed(asked.pk)
    assert names() == ["payment.requested", "payment.failed"]


def test_a_failure_after_the_confirmation_changes_nothing(paid, accountant):
    with pytest.raises(PaymentIsConfirmed):
        dispatch(fail(paid), actor=accountant)

    assert queries.is_confirmed(paid.pk)


def test_after_a_failure_one_may_try_again(asked, accountant):
    dispatch(fail(asked), actor=accountant)

    assert dispatch(request(), actor=accountant).pk != asked.pk


def test_what_nobody_wants_is_void(asked, controller):
    first, again = dispatch(void(asked), actor=controller), dispatch(void(asked), actor=controller)

    assert first.state == again.state == "void"
    with pytest.raises(PaymentIsVoid):
        queries.is_confirmed(asked.pk)
    assert Entry.objects.count() == 0


def test_voiding_what_has_come_gives_it_back(paid, controller):
    dispatch(void(paid), actor=controller)
    dispatch(void(paid), actor=controller)

    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.state, refund.entry.source) == (
        10000,
        "posted",
        f"refund_ledger:{paid.pk}:given back after 0 of payment {paid.pk}",
    )
    assert queries.reconcile() == []


@pytest.mark.parametrize("ended", [fail, void])
def test_money_that_comes_too_late_is_booked_and_given_back(asked, accountant, controller, ended):
    dispatch(ended(asked), actor=controller)

    dispatch(confirm(asked), actor=accountant)
    dispatch(confirm(asked), actor=accountant)

    assert Payment.objects.get().refunded_minor == 10000
    assert Entry.objects.count() == 2
    assert queries.reconcile() == []


def test_it_does_so_while_another_payment_is_waited_for(asked, accountant):
    dispatch(fail(asked), actor=accountant)
    second = dispatch(request(), actor=accountant)

    dispatch(confirm(asked), actor=accountant)

    assert Payment.objects.get(pk=second.pk).state == "requested"
    assert queries.reconcile() == []


def test_an_auditor_moves_no_money(asked, auditor, accountant):
    with pytest.raises(PermissionDenied):
        dispatch(confirm(asked), actor=auditor)
    with pytest.raises(PermissionDenied):
        dispatch(void(asked), actor=accountant)


# The sandbox


@pytest.mark.parametrize(
    ("token", "state"), [("tok_ok", "confirmed"), ("tok_declined", "failed"), ("", "failed")]
)
def test_a_card_says_what_happens(till, accountant, token, state):
    payment = dispatch(request(provider="sandbox", token=token), actor=accountant)
    settle()

    assert Payment.objects.get(pk=payment.pk).state == state


def test_a_slow_card_pays_too(till, accountant, monkeypatch):
    monkeypatch.setattr("apps.payments.providers.SLOW_CARD_DELAY_S", 0)
    payment = dispatch(request(provider="sandbox", token="tok_slow"), actor=accountant)
    settle()

    assert queries.is_confirmed(payment.pk)


def test_the_processor_does_nothing_twice(till, accountant):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)

    answers = {PROVIDERS["sandbox"].charge(payment) for _ in range(3)}

    assert len(answers) == 1
    assert SandboxOperation.objects.count() == 1


def test_a_lost_answer_is_asked_for_again(till, accountant):
    payment = dispatch(request(provider="sandbox", token="tok_lost_answer"), actor=accountant)
    settle()
    assert SandboxOperation.objects.count() == 1
    assert Payment.objects.get().state == "requested"

    assert PROVIDERS["sandbox"].charge(payment).transaction_id


def test_nobody_is_charged_for_what_is_void(till, accountant, controller):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)
    dispatch(void(payment), actor=controller)
    settle()

    assert PROVIDERS["sandbox"].charge(payment).declined
    assert Payment.objects.get().state == "void"


@pytest.mark.parametrize("ended", [fail, void])
def test_who_was_charged_by_a_worker_that_died_before_it_could_say_so_has_it_back(
    till, accountant, controller, ended
):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)
    PROVIDERS["sandbox"].charge(payment)
    dispatch(ended(payment), actor=controller)

    settle()

    assert Payment.objects.get().refunded_minor == payment.amount_minor
    assert Refund.objects.get().sent_at is not None
    assert queries.reconcile() == []


def test_a_charge_whose_news_was_given_up_is_found_when_it_is_voided(till, accountant, controller):
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=accountant)
    PROVIDERS["sandbox"].charge(payment)  # by a worker that died before it could say so
    with activate(None):
        route()
    Delivery.objects.filter(subscriber="payments.charge").update(status="dropped")
    dispatch(void(payment), actor=controller)

    settle()

    payment.refresh_from_db()
    assert (payment.state, payment.refundable.minor) == ("confirmed", 0)
    assert Refund.objects.get().sent_at
    assert queries.reconcile() == []
