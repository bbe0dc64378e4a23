"""Money on account: it is booked once, whatever way it comes in, and used once."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import connections

from apps.bus import dispatch
from apps.events.models import OutboxEvent
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from apps.payments import queries, rules
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    NoteCreditRefundSent,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
    VoidPayment,
)
from apps.payments.errors import (
    CreditExceeded,
    CreditInOtherCurrency,
    CreditRefundDiffers,
    CreditRefundUnknown,
    CreditsInsufficient,
    CreditUnknown,
    PayerUnknown,
    PaymentNotOutstanding,
    PaymentUnknown,
    ProviderIdMissing,
    ProviderIdTaken,
    ProviderUnknown,
    ReferenceDiffers,
)
from apps.payments.models import (
    Credit,
    CreditApplication,
    CreditRefund,
    Payment,
    Refund,
    SandboxOperation,
    Transfer,
)
from apps.payments.providers import PROVIDERS
from tests.support.ledger_sql import as_owner
from tests.support.settling import settle
from tests.support.shop import balances
from tests.support.sqlstate import CHECK, NO_RIGHT, refused


def transfer(amount="60", number="bank-1", currency="USD", **fields):
    return ReceiveTransfer(
        amount=Decimal(amount),
        currency=currency,
        provider_payment_id=number,
        **{"reference": "order:1", **fields},
    )


def request(reference="order:1", amount="100", **fields):
    return RequestPayment(reference=reference, amount=Decimal(amount), currency="USD", **fields)


def apply(credit, payment):
    return ApplyCredit(credit_id=credit.pk, payment_id=payment.pk)


def refund(credit, amount="60", reference="R1"):
    return RefundCredit(credit_id=credit.pk, amount=Decimal(amount), reason="Paid twice", reference=reference)


def state(payment):
    payment = Payment.objects.get(pk=payment.pk)
    return payment.state, payment.paid_through


def unused():
    return [credit.unused.minor for credit in Credit.objects.order_by("pk")]


def balance(code):
    return balances().get(code, 0)


def test_parts_stay_on_account_until_they_cover_the_payment(requested, accountant):
    dispatch(transfer("60"), actor=accountant)
    assert (state(requested), unused()) == (("requested", ""), [6000])
    assert (balance("1000"), balance("1100"), balance("2100")) == (60, 0, -60)

    dispatch(transfer("40", "bank-2", payment_id=requested.pk), actor=accountant)

    assert (state(requested), unused()) == (("confirmed", "credit"), [0, 0])
    assert (balance("1000"), balance("1100"), balance("2100")) == (100, -100, 0)
    assert queries.is_confirmed(requested.pk)
    assert {"credit.received", "credit.applied", "payment.confirmed"} <= names()
    assert queries.reconcile() == []


def names():
    return {*OutboxEvent.objects.values_list("name", flat=True)}


def test_an_overpayment_confirms_the_payment_and_the_remainder_is_refunded(requested, controller):
    credit = dispatch(transfer("120"), actor=controller)
    assert (state(requested), unused(), credit.unused.minor) == (("confirmed", "credit"), [2000], 2000)
    assert [str(total) for total in queries.on_account()] == ["20.00 USD"]

    with pytest.raises(CreditExceeded):
        dispatch(refund(credit, "20.01"), actor=controller)
    first, again = (dispatch(refund(credit, "20"), actor=controller) for _ in range(2))
    with pytest.raises(Refusal):
        dispatch(refund(credit, "10"), actor=controller)
    settle()
    assert (first.pk, CreditRefund.objects.get().sent_at) == (again.pk, None)  # a user sends it
    dispatch(NoteCreditRefundSent(refund_id=first.pk, provider_refund_id="out-1"), actor=controller)

    assert CreditRefund.objects.get().sent_at
    assert (unused(), balance("1000"), balance("2100")) == ([0], 100, 0)
    assert queries.reconcile() == []


def test_money_before_its_request_confirms_it_at_once(till, accountant):
    dispatch(transfer("30"), actor=accountant)
    dispatch(transfer("80", "bank-2"), actor=accountant)
    dispatch(transfer("500", "bank-3", reference="order:2"), actor=accountant)

    payment = dispatch(request(), actor=accountant)
    by_card = dispatch(request("order:2", provider="sandbox", token="tok_declined"), actor=accountant)
    settle()

    assert (state(payment), unused()) == (("confirmed", "credit"), [0, 1000, 50000])
    assert state(by_card) == ("failed", "")  # its card may be charged at any time: a user decides
    assert queries.reconcile() == []


def test_a_transfer_is_booked_once_whatever_way_it_comes_in(requested, accountant):
    """As a payment and then as a credit, as a credit and then as a payment, and twice as a credit."""
    dispatch(ConfirmPayment(payment_id=requested.pk, provider_payment_id="bank-1"), actor=accountant)
    with pytest.raises(ProviderIdTaken):
        dispatch(transfer("100"), actor=accountant)
    with pytest.raises(ProviderIdTaken):
        dispatch(transfer("100", " bank-1 "), actor=accountant)

    second = dispatch(request("order:2"), actor=accountant)
    part = dispatch(transfer("60", "bank-2", payment_id=second.pk, reference=""), actor=accountant)
    with pytest.raises(ProviderIdTaken):
        dispatch(ConfirmPayment(payment_id=second.pk, provider_payment_id="bank-2"), actor=accountant)
    assert dispatch(transfer("60", "bank-2", reference="order:2"), actor=accountant).pk == part.pk
    with pytest.raises(Refusal):
        dispatch(transfer("61", "bank-2", reference="order:2"), actor=accountant)

    assert (balance("1000"), unused()) == (160, [6000])
    assert sorted(Transfer.objects.values_list("provider", "number")) == [
        ("manual", "bank-1"),
        ("manual", "bank-2"),
    ]
    assert queries.reconcile() == []


def test_a_confirmation_by_hand_leaves_a_part_on_account(requested, accountant):
    """The part is neither lost nor counted again: the whole amount came in another transfer."""
    part = dispatch(transfer("60"), actor=accountant)
    dispatch(ConfirmPayment(payment_id=requested.pk, provider_payment_id="bank-2"), actor=accountant)

    with pytest.raises(PaymentNotOutstanding):
        dispatch(apply(part, requested), actor=accountant)
    assert (state(requested), unused()) == (("confirmed", "manual"), [6000])
    assert (balance("1000"), balance("1100"), balance("2100")) == (160, -100, -60)
    assert queries.reconcile() == []


@pytest.mark.parametrize("is_charged_before", [True, False])
def test_a_card_that_is_charged_beside_a_transfer_is_booked_on_account(till, controller, is_charged_before):
    """A worker was killed after the charge, or had not charged yet when a user confirmed the transfer."""
    payment = dispatch(request(provider="sandbox", token="tok_ok"), actor=controller)
    if is_charged_before:
        PROVIDERS["sandbox"].charge(payment)
    dispatch(
        ConfirmPayment(payment_id=payment.pk, provider_payment_id="bank-1", provider="manual"),
        actor=controller,
    )
    settle()

    assert state(payment) == ("confirmed", "manual")
    assert unused() == ([10000] if is_charged_before else [])
    assert balance("1000") == (200 if is_charged_before else 100)
    if is_charged_before:
        dispatch(refund(Credit.objects.get(), "100"), actor=controller)
        settle()
        assert CreditRefund.objects.get().provider_refund_id.startswith("sandbox-")
        assert balance("1000") == 100
    assert queries.reconcile() == []


def test_a_refund_never_goes_to_a_card_that_was_not_charged(till, controller):
    """One payment by card was paid by transfer, another from credits: its refund goes back on account."""
    by_transfer = dispatch(request(provider="sandbox", token="tok_ok"), actor=controller)
    dispatch(
        ConfirmPayment(payment_id=by_transfer.pk, provider_payment_id="bank-1", provider="manual"),
        actor=controller,
    )
    from_credits = dispatch(request("order:2", provider="sandbox", token="tok_ok"), actor=controller)
    credit = dispatch(transfer("100", "bank-2", reference="order:2"), actor=controller)
    dispatch(apply(credit, from_credits), actor=controller)
    settle()

    dispatch(VoidPayment(payment_id=from_credits.pk, reason="Not wanted"), actor=controller)
    command = RefundPayment(payment_id=by_transfer.pk, amount=Decimal(10), reason="Bent", reference="R")
    dispatch(command, actor=controller)
    settle()

    assert not SandboxOperation.objects.filter(key__startswith="refund:").exists()
    assert not SandboxOperation.objects.filter(declined="").exists()
    assert Refund.objects.get(payment=by_transfer).sent_at is None
    assert Refund.objects.get(payment=from_credits).sent_at
    assert unused() == [0, 10000]
    assert (balance("1000"), balance("2100")) == (190, -100)
    dispatch(refund(Credit.objects.latest("pk"), "100"), actor=controller)
    settle()
    assert queries.reconcile() == []


def test_an_application_that_does_not_fit_is_refused(requested, controller):
    credit = dispatch(transfer("60", reference="order:1"), actor=controller)
    euro = dispatch(transfer("500", "bank-2", "EUR"), actor=controller)

    for command, refusal in (
        (apply(credit, requested), CreditsInsufficient),
        (apply(euro, requested), CreditInOtherCurrency),
        (ApplyCredit(credit_id=999, payment_id=requested.pk), CreditUnknown),
        (ApplyCredit(credit_id=credit.pk, payment_id=999), PaymentUnknown),
        (RefundCredit(credit_id=999, amount=Decimal(1), reason="x", reference="y"), CreditUnknown),
        (NoteCreditRefundSent(refund_id=999, provider_refund_id="x"), CreditRefundUnknown),
        (transfer("1", "b", provider="credit"), ProviderUnknown),
        (transfer("1", " "), ProviderIdMissing),
        (transfer("1", "b", payer="ACME"), PayerUnknown),
        (transfer("1", "b", payment_id=requested.pk, reference="order:7"), ReferenceDiffers),
        (transfer("1", "b", payment_id=999), PaymentUnknown),
    ):
        with pytest.raises(refusal):
            dispatch(command, actor=controller)
    assert (state(requested), unused()) == (("requested", ""), [6000, 50000])


def test_a_credit_is_used_up_by_several_payments(till, controller):
    credit = dispatch(transfer("100", reference=""), actor=controller)
    payments = [
        dispatch(request(f"fair:{number}", amount), actor=controller) for number, amount in enumerate("379")
    ]
    for payment, amount in zip(payments, (3, 10, 19), strict=True):
        dispatch(apply(credit, payment), actor=controller)
        assert unused() == [10000 - 100 * amount]

    dispatch(refund(credit, "81"), actor=controller)
    more = dispatch(request("fair:4", "1"), actor=controller)
    with pytest.raises(CreditsInsufficient):
        dispatch(apply(credit, more), actor=controller)
    assert queries.reconcile() == []


# Concurrency


def at_once(acme, actor, *commands):
    """Dispatches each command in its own thread and connection. Returns the number of refusals."""
    refusals, begin = [], threading.Barrier(len(commands))

    def do(command):
        with activate(acme):
            begin.wait()
            try:
                dispatch(command, actor=actor)
            except Refusal as refusal:
                refusals.append(refusal)
        connections.close_all()

    threads = [threading.Thread(target=do, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(refusals)


@pytest.fixture
def contested(till, accountant):
    """A credit of 100 and three payments of 60."""
    credit = dispatch(transfer("100", reference=""), actor=accountant)
    return credit, [dispatch(request(f"fair:{number}", "60"), actor=accountant) for number in range(3)]


def test_concurrent_applications_never_exceed_the_credit(contested, acme, accountant):
    credit, payments = contested

    assert at_once(acme, accountant, *[apply(credit, payment) for payment in payments]) == 2

    assert (unused(), CreditApplication.objects.count()) == ([4000], 1)
    assert queries.reconcile() == []


def without_lock(monkeypatch, count):
    """All threads check the credit at the same time, and apply it afterwards."""
    barrier = threading.Barrier(count)

    def check_together(payment, credit_id):
        credit = Credit.objects.get(pk=credit_id)
        barrier.wait(timeout=120)
        return [credit]

    monkeypatch.setattr(rules, "credits_must_cover", check_together)


def test_the_database_refuses_concurrent_applications_without_the_lock(
    contested, acme, accountant, monkeypatch
):
    without_lock(monkeypatch, 3)
    credit, payments = contested

    assert at_once(acme, accountant, *[apply(credit, payment) for payment in payments]) == 2

    assert unused() == [4000]
    assert queries.reconcile() == []


@pytest.mark.physical_copy
def test_control_concurrent_applications_without_lock_and_constraint_exceed_the_credit(
    contested, acme, accountant, monkeypatch
):
    without_lock(monkeypatch, 3)
    with as_owner(acme) as owner:
        owner.execute("ALTER TABLE payments_credit DROP CONSTRAINT payments_uses_within_credit")
    credit, payments = contested

    at_once(acme, accountant, *[apply(credit, payment) for payment in payments])

    assert unused() == [-8000]


def test_concurrent_reports_of_a_transfer_book_it_once(requested, acme, accountant):
    """As a payment, as a credit, and for another payment."""
    confirmation = ConfirmPayment(payment_id=requested.pk, provider_payment_id="bank-1")
    free = transfer("100", reference="")

    at_once(acme, accountant, confirmation, free, confirmation, free)

    assert balance("1000") == 100
    assert Transfer.objects.count() == 1
    assert queries.reconcile() == []


def test_a_request_and_its_money_at_once_meet(till, acme, accountant):
    at_once(acme, accountant, transfer("50"), request(), transfer("50", "bank-2"))

    assert (unused(), balance("1100")) == ([0, 0], -100)
    assert queries.reconcile() == []


# Raw SQL

CREDIT_IS_FIXED, NOT_OUTSTANDING, NOT_COVERED, TWICE = "BY004", "BY005", "BY006", "23505"
APPLICATION = (
    "INSERT INTO payments_creditapplication (credit_id, payment_id, amount_minor, applied_at)"
    " SELECT credit.id, payment.id, {minor}, now() FROM payments_credit AS credit, payments_payment AS payment"
    " WHERE credit.used_minor = 0 AND payment.state = '{state}'"
)
CONFIRMATION = (
    "UPDATE payments_payment SET state = 'confirmed', paid_through = 'credit', confirmed_at = now(),"
    " entry_id = (SELECT min(entry_id) FROM payments_credit) WHERE state = 'requested'"
)
TAMPERING = {
    "a part of a payment": (APPLICATION.format(minor=100, state="requested"), NOT_COVERED),
    "more than the credit": (APPLICATION.format(minor=6001, state="requested"), CHECK),
    "nothing": (APPLICATION.format(minor=0, state="requested"), CHECK),
    "a confirmed payment": (APPLICATION.format(minor=100, state="confirmed"), NOT_OUTSTANDING),
    "a confirmation without credits": (CONFIRMATION, NOT_COVERED),
    "a used amount": ("UPDATE payments_credit SET used_minor = 0", CREDIT_IS_FIXED),
    "another amount": ("UPDATE payments_credit SET amount_minor = 1000000", CREDIT_IS_FIXED),
    "another payer": ("UPDATE payments_credit SET payer = 'customer:2'", CREDIT_IS_FIXED),
    "a deleted credit": ("DELETE FROM payments_credit", NO_RIGHT),
    "a deleted application": ("DELETE FROM payments_creditapplication", NO_RIGHT),
    "a deleted transfer": ("DELETE FROM payments_transfer", NO_RIGHT),
    "a transfer by hand": (
        "INSERT INTO payments_transfer (provider, number, credit_id) SELECT 'manual', 'x', min(id)"
        " FROM payments_credit",
        CREDIT_IS_FIXED,
    ),
    "a transfer twice": (
        "INSERT INTO payments_credit (payer, payer_name, reference, amount_minor, currency, provider,"
        " provider_payment_id, received_at, entry_id) SELECT payer, payer_name, reference, amount_minor, currency,"
        " provider, provider_payment_id, received_at, entry_id FROM payments_credit WHERE used_minor = 0",
        TWICE,
    ),
    "a refund beyond the credit": (
        "INSERT INTO payments_creditrefund (credit_id, reference, amount_minor, reason, entry_id, requested_at,"
        " provider_refund_id) SELECT id, 'r', 6001, 'r', entry_id, now(), ''"
        " FROM payments_credit WHERE used_minor = 0",
        CHECK,
    ),
}


def test_raw_sql_is_refused(requested, controller):
    """One credit paid a payment and one is open; one payment is outstanding."""
    dispatch(transfer("100", "bank-1"), actor=controller)
    dispatch(transfer("60", "bank-2", reference="order:2"), actor=controller)
    dispatch(request("order:2"), actor=controller)
    before = unused()

    for name, (statement, sqlstate) in TAMPERING.items():
        assert (name, refused(statement)) == (name, sqlstate)

    assert unused() == before == [0, 6000]
    assert queries.reconcile() == []


def test_raw_sql_for_a_sent_refund_of_a_credit_is_refused(till, controller):
    sent = dispatch(refund(dispatch(transfer(), actor=controller)), actor=controller)
    dispatch(NoteCreditRefundSent(refund_id=sent.pk, provider_refund_id="out-1"), actor=controller)

    for change in ("sent_at = NULL", "amount_minor = 1", "provider_refund_id = 'x'"):
        assert refused(f"UPDATE payments_creditrefund SET {change}") == "BY002"
    with pytest.raises((CreditRefundDiffers, Refusal)):
        dispatch(refund(Credit.objects.get(), "1"), actor=controller)
