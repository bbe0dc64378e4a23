"""Refunding payments: never more than was paid, under any concurrency."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, connections

from apps.bus import dispatch
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.payments import queries, rules
from apps.payments.commands import ConfirmPayment, RefundPayment, RequestPayment
from apps.payments.errors import PaymentNotConfirmed, RefundTooLarge
from apps.payments.models import Payment, Refund
from tests.support.ledger_sql import as_owner
from tests.support.settling import settle
from tests.support.sqlstate import CHECK, NO_RIGHT, refused


def refund(payment, amount="60", reference="RMA-1", reason="Bent"):
    return RefundPayment(payment_id=payment.pk, amount=Decimal(amount), reason=reason, reference=reference)


def refunded():
    return sum(Refund.objects.values_list("amount_minor", flat=True))


def test_a_refund_is_posted(paid, controller):
    done = dispatch(refund(paid), actor=controller)

    assert (done.state, done.entry.source) == ("posted", f"refund_ledger:{paid.pk}:RMA-1")
    assert [(line.account.code, line.amount_minor) for line in done.entry.lines.all()] == [
        ("1100", 6000),
        ("1000", -6000),
    ]
    assert Payment.objects.get().refunded_minor == 6000
    assert queries.reconcile() == []


def test_a_repeated_refund_returns_the_first_one(paid, controller):
    first, again = dispatch(refund(paid), actor=controller), dispatch(refund(paid), actor=controller)

    assert first.pk == again.pk
    assert Entry.objects.filter(source__startswith="refund_ledger:").count() == 1
    with pytest.raises(Refusal):
        dispatch(refund(paid, amount="50"), actor=controller)


def test_a_repeated_refund_with_another_reason_returns_the_first_one(paid, controller):
    first = dispatch(refund(paid), actor=controller)

    again = dispatch(refund(paid, amount="60.00", reason="The bolt was bent."), actor=controller)

    assert (again.pk, again.reason) == (first.pk, "Bent")
    assert refunded() == 6000


def test_refunds_beyond_the_payment_are_refused(paid, controller):
    dispatch(refund(paid), actor=controller)

    with pytest.raises(RefundTooLarge, match="40"):
        dispatch(refund(paid, "40.01", "RMA-2"), actor=controller)
    dispatch(refund(paid, "40", "RMA-2"), actor=controller)
    assert refunded() == 10000


def test_an_invalid_refund_is_refused(requested, controller):
    with pytest.raises(PaymentNotConfirmed):
        dispatch(refund(requested), actor=controller)
    with pytest.raises(Refusal, match="reason"):
        dispatch(refund(requested, "60", "RMA-2", " "), actor=controller)


def test_the_provider_sends_a_refund(till, accountant, controller):
    card = RequestPayment(
        reference="order:1", amount=Decimal(100), currency="USD", provider="sandbox", token="tok_ok"
    )
    payment = dispatch(card, actor=accountant)
    settle()
    dispatch(refund(payment), actor=controller)
    settle()

    sent = Refund.objects.get()
    assert sent.sent_at
    assert sent.provider_refund_id.startswith("sandbox-")


# Concurrency


def at_once(acme, actor, *commands):
    """Dispatches each command in its own thread and connection. Returns the names of the refusals."""
    refusals, begin = [], threading.Barrier(len(commands))

    def do(command):
        with activate(acme):
            begin.wait()
            try:
                dispatch(command, actor=actor)
            except Refusal as refusal:
                refusals.append(type(refusal).__name__)
        connections.close_all()

    threads = [threading.Thread(target=do, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refusals


def many(payment):
    return [refund(payment, "30", f"RMA-{number}") for number in range(8)]


def test_concurrent_refunds_never_exceed_the_payment(paid, acme, controller):
    refusals = at_once(acme, controller, *many(paid))

    assert refunded() == Payment.objects.get().refunded_minor == 9000
    assert refusals == ["RefundTooLarge"] * 5
    assert queries.reconcile() == []


def test_the_database_refuses_concurrent_refunds_without_the_lock(paid, acme, controller, monkeypatch):
    """The constraint refuses refunds even if the handler takes no lock."""
    without_lock(monkeypatch)

    at_once(acme, controller, *many(paid))

    assert refunded() == 9000
    assert queries.reconcile() == []


@pytest.mark.physical_copy
def test_concurrent_refunds_without_lock_exceed_the_payment(paid, acme, controller, monkeypatch):
    """The control: without lock and constraint, the race refunds too much."""
    without_lock(monkeypatch)
    with as_owner(acme) as owner:
        owner.execute("ALTER TABLE payments_payment DROP CONSTRAINT payments_refunds_within_payment")

    at_once(acme, controller, *many(paid))

    assert refunded() > 10000


def test_concurrent_repeated_refunds_are_made_once(paid, acme, controller):
    refusals = at_once(acme, controller, *[refund(paid)] * 6)

    assert refunded() == 6000
    assert Entry.objects.filter(source__startswith="refund_ledger:").count() == 1
    assert set(refusals) <= {"KeyInFlight"}, refusals


def test_concurrent_repeated_confirmations_are_posted_once(requested, acme, accountant):
    confirm = ConfirmPayment(payment_id=requested.pk, provider_payment_id="bank-1")

    at_once(acme, accountant, *[confirm] * 6)

    assert Entry.objects.filter(source=f"payment_confirmed:{requested.pk}").count() == 1
    assert queries.reconcile() == []


# Raw SQL


PAYMENT_IS_FIXED, REFUND_IS_FIXED = "BY001", "BY002"
REFUND = (
    "INSERT INTO payments_refund (payment_id, reference, amount_minor, reason, state, requested_at, provider_refund_id)"
    " VALUES ({payment}, 'raw', {minor}, 'raw', 'requested', now(), '')"
)


@pytest.mark.exhaustive("each case", by="sqlstate")
@pytest.mark.parametrize(
    ("statement", "sqlstate"),
    [
        (REFUND.replace("{minor}", "4001"), CHECK),
        (REFUND.replace("{minor}", "-1"), CHECK),
        (REFUND.replace("'requested'", "'posted'").replace("{minor}", "1"), REFUND_IS_FIXED),
        ("UPDATE payments_payment SET refunded_minor = 0", PAYMENT_IS_FIXED),
        ("UPDATE payments_payment SET refunded_minor = 10001", PAYMENT_IS_FIXED),
        ("UPDATE payments_payment SET amount_minor = 1000000", PAYMENT_IS_FIXED),
        (
            "UPDATE payments_payment SET state = 'requested', confirmed_at = NULL, entry_id = NULL",
            PAYMENT_IS_FIXED,
        ),
        ("UPDATE payments_payment SET provider_payment_id = 'other'", PAYMENT_IS_FIXED),
        ("UPDATE payments_refund SET amount_minor = 1", REFUND_IS_FIXED),
        ("UPDATE payments_refund SET state = 'requested', entry_id = NULL", REFUND_IS_FIXED),
        ("DELETE FROM payments_refund", NO_RIGHT),
        ("DELETE FROM payments_payment", NO_RIGHT),
    ],
)
def test_raw_sql_is_refused(paid, controller, statement, sqlstate):
    dispatch(refund(paid), actor=controller)

    assert refused(statement.format(payment=paid.pk)) == sqlstate

    assert (refunded(), Payment.objects.get().refunded_minor) == (6000, 6000)
    assert queries.reconcile() == []


def test_raw_sql_for_a_refund_of_an_outstanding_payment_is_refused(requested):
    with pytest.raises(DatabaseError, match="not confirmed"), connection.cursor() as cursor:
        cursor.execute(REFUND.format(payment=requested.pk, minor=1))


def test_reconciliation_reports_a_refund_without_entry(paid):
    with connection.cursor() as cursor:
        cursor.execute(REFUND.format(payment=paid.pk, minor=1))

    assert [str(difference) for difference in queries.reconcile()] == [
        f"refund raw of payment {paid.pk} is requested and should be posted",
        f"the entry of refund_ledger:{paid.pk}:raw is None and should be ('USD', 1)",
    ]


def without_lock(monkeypatch):
    """All threads check the refundable amount at the same time, and write afterwards."""
    barrier = threading.Barrier(8)
    covered = rules.refund_must_be_covered

    def check_together(payment, amount):
        covered(payment, amount)
        barrier.wait(timeout=120)

    monkeypatch.setattr(rules, "payment_must_exist", lambda pk: Payment.objects.get(pk=pk))
    monkeypatch.setattr(rules, "refund_must_be_covered", check_together)
