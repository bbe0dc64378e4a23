"""A kill of payments while a card is charged: the money is neither stranded nor booked twice, and the work resumes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.console.terminal import SHELL
from apps.events.deliveries import deliver
from apps.events.models import Delivery
from apps.events.relay import route
from apps.flags.commands import KillFlag, ReviveFlag
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments import queries
from apps.payments.commands import ReceiveTransfer, RefundCredit, RefundPayment, RequestPayment
from apps.payments.models import CreditRefund, Payment, Refund, SandboxOperation
from apps.payments.providers import PROVIDERS
from tests.support.failpoints import Killed, armed
from tests.support.settling import settle

A_LOT = 20
"""More attempts than a failing listener has."""


def kill():
    with activate(None):
        return dispatch(KillFlag(key="payments", reason="Cards are charged twice."), actor=SHELL)


def revive(kill):
    with activate(None):
        dispatch(ReviveFlag(kill_id=kill.pk, reason="It is mended."), actor=SHELL)


def by_card(actor):
    command = RequestPayment(
        reference="order:1", amount=Decimal(100), currency="USD", provider="sandbox", token="tok_ok"
    )
    return dispatch(command, actor=actor)


def pending(subscriber):
    return Delivery.objects.get(subscriber=subscriber, status="pending")


def attempt_often(subscriber):
    with activate(None):
        route()
    for _ in range(A_LOT):
        assert not deliver(pending(subscriber).pk)
    waiting = pending(subscriber)
    assert (waiting.attempts, "payments is off" in waiting.last_error) == (0, True)


def test_a_card_is_not_charged_during_the_kill_and_once_after_it(till, accountant):
    by_card(accountant)
    killed = kill()

    attempt_often("payments.charge")

    assert (SandboxOperation.objects.count(), Payment.objects.get().state) == (0, "requested")
    revive(killed)
    settle(impatient=True)
    assert (SandboxOperation.objects.count(), Payment.objects.get().state) == (1, "confirmed")
    assert Entry.objects.count() == 1
    assert queries.reconcile() == []


@pytest.mark.parametrize("worker_dies", [False, True])
def test_a_kill_between_charge_and_confirmation_strands_no_money(till, accountant, monkeypatch, worker_dies):
    """Both ways from one moment: the worker goes on and is refused, or it dies with the response."""
    payment, kills, provider = by_card(accountant), [], PROVIDERS["sandbox"]
    charge = type(provider).charge

    def charge_and_kill(self, payment):
        response = charge(self, payment)
        if not kills:
            kills.append(kill())
            if worker_dies:
                raise Killed
        return response

    monkeypatch.setattr(type(provider), "charge", charge_and_kill)
    with activate(None):
        route()
    first = pending("payments.charge").pk
    if worker_dies:
        with pytest.raises(Killed), armed():
            deliver(first)
    else:
        assert not deliver(first)
    assert SandboxOperation.objects.get().amount_minor == payment.amount_minor

    attempt_often("payments.charge")

    assert (Payment.objects.get().state, Entry.objects.count()) == ("requested", 0)
    revive(kills[0])
    settle(impatient=True)
    assert (SandboxOperation.objects.count(), Payment.objects.get().state) == (1, "confirmed")
    assert Entry.objects.count() == 1
    assert not Delivery.objects.filter(subscriber__startswith="payments.").exclude(status="done").exists()
    assert queries.reconcile() == []


def test_a_refund_is_not_sent_during_the_kill_and_once_after_it(till, accountant, controller):
    payment = by_card(accountant)
    settle()
    command = RefundPayment(payment_id=payment.pk, amount=Decimal(40), reason="Returned", reference="R1")
    dispatch(command, actor=controller)
    killed = kill()

    attempt_often("payments.send_refund")

    assert (SandboxOperation.objects.count(), Refund.objects.get().sent_at) == (1, None)
    revive(killed)
    settle(impatient=True)
    assert SandboxOperation.objects.count() == 2
    assert Refund.objects.get().sent_at
    assert queries.reconcile() == []


def test_a_refund_of_a_credit_waits_for_the_end_of_the_kill(till, controller):
    command = ReceiveTransfer(
        amount=Decimal(60), currency="USD", provider="sandbox", provider_payment_id="card-1"
    )
    credit = dispatch(command, actor=controller)
    refund = RefundCredit(credit_id=credit.pk, amount=Decimal(60), reason="Paid twice", reference="R1")
    dispatch(refund, actor=controller)
    killed = kill()

    attempt_often("payments.send_credit_refund")

    assert (SandboxOperation.objects.count(), CreditRefund.objects.get().sent_at) == (0, None)
    revive(killed)
    settle(impatient=True)
    assert SandboxOperation.objects.count() == 1
    assert CreditRefund.objects.get().sent_at
