"""Rows are locked before anything is booked, so that no two commands wait for one another
(docs/decisions/0024-order-of-locks.md)."""

from __future__ import annotations

import re
import time
from decimal import Decimal

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.payments import covering, rules
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
    VoidPayment,
)
from apps.payments.models import Credit, CreditRefund
from tests.support.threads import in_tenant, in_thread

LOCK = re.compile(r'FROM "(\w+)".* FOR (?:NO KEY )?UPDATE')
POSTS = re.compile(r"UPDATE ledger_entry SET status")


def transfer(amount, number, **fields):
    return ReceiveTransfer(
        amount=Decimal(amount),
        currency="USD",
        provider_payment_id=number,
        **{"reference": "order:1", **fields},
    )


def request(reference, amount=100):
    return RequestPayment(reference=reference, amount=Decimal(amount), currency="USD")


def refund(credit, amount):
    return RefundCredit(credit_id=credit.pk, amount=Decimal(amount), reason="Too much", reference="R1")


def locks_after_posting(work):
    """The tables of which a command locks rows after its first posting, and none before."""
    with CaptureQueriesContext(connection) as captured:
        work()
    posted, before, tables = False, set(), []
    for query in captured.captured_queries:
        posted = posted or bool(POSTS.search(query["sql"]))
        lock = LOCK.search(query["sql"])
        if lock and not posted:
            before.add(lock[1])
        elif lock and lock[1] not in before:
            tables.append(lock[1])
    assert posted
    return tables


def test_no_row_is_locked_after_a_posting(requested, controller):
    def run(command):
        results = []
        assert locks_after_posting(lambda: results.append(dispatch(command, actor=controller))) == []
        return results[0]

    first = run(transfer(60, "bank-1"))
    run(transfer(60, "bank-2"))  # covers the payment
    run(RefundPayment(payment_id=requested.pk, amount=Decimal(10), reason="Returned", reference="R1"))
    run(refund(Credit.objects.open().order_by("pk")[0], 5))
    other = dispatch(request("order:2", 10), actor=controller)
    late = dispatch(request("order:3", 10), actor=controller)
    run(ApplyCredit(credit_id=Credit.objects.open().order_by("pk")[0].pk, payment_id=other.pk))
    dispatch(VoidPayment(payment_id=late.pk, reason="Too late"), actor=controller)
    run(ConfirmPayment(payment_id=late.pk, provider_payment_id="bank-3"))  # and its refund
    run(transfer(10, "bank-4", reference="order:4"))
    run(request("order:4", 10))
    assert first.pk


def test_a_transfer_and_a_refund_of_a_credit_wait_for_one_another_once(
    requested, acme, controller, monkeypatch
):
    assert attempts_of_a_race(acme, controller, monkeypatch) == 2
    assert CreditRefund.objects.count() == 1


def test_without_the_lock_before_the_booking_they_deadlock(requested, acme, controller, monkeypatch):
    """The control: the transfer locks the credits after its booking."""
    cover = covering.cover
    monkeypatch.setattr(covering, "lock_credits", lambda payment: [])
    monkeypatch.setattr(
        covering,
        "cover",
        lambda payment, _: cover(
            payment, list(Credit.objects.open().select_for_update().filter(reference=payment.reference))
        ),
    )

    assert attempts_of_a_race(acme, controller, monkeypatch) == 3


def attempts_of_a_race(acme, controller, monkeypatch):
    """A transfer has booked when a refund of an earlier credit for the same purpose begins. How often the two handlers
    run: each again after a deadlock."""
    credit = dispatch(transfer(60, "bank-1"), actor=controller)
    attempts, has_booked = [], []
    create, exists = Credit.objects.create, rules.credit_must_exist

    def note_booked(**fields):
        attempts.append("transfer")
        if not has_booked:
            has_booked.append(True)
            wait_until(a_session_waits)
        return create(**fields)

    def note_refund(credit_id):
        attempts.append("refund")
        return exists(credit_id)

    monkeypatch.setattr(Credit.objects, "create", note_booked)
    monkeypatch.setattr(rules, "credit_must_exist", note_refund)

    def refund_later():
        wait_until(lambda: has_booked)
        return in_tenant(acme, lambda: dispatch(refund(credit, 10), actor=controller))

    with in_thread(refund_later) as refunded:
        dispatch(transfer(20, "bank-2"), actor=controller)
    assert refunded
    return len(attempts)


def a_session_waits():
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def wait_until(condition, *, timeout_s=30):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
