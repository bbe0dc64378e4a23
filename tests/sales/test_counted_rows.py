"""Rows that an INSERT leaves out, because they exist, are not counted and take no number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection

from apps.bus import dispatch
from apps.payments import queries as payments
from apps.payments.commands import (
    ApplyCredit,
    ConfirmPayment,
    ReceiveTransfer,
    RefundCredit,
    RefundPayment,
    RequestPayment,
)
from apps.payments.models import Credit, Payment
from apps.sales import queries
from apps.sales.models import Invoice
from tests.support.settling import settle
from tests.support.shop import ordered

COPIED_COLUMNS = {
    "payments_refund": "payment_id, reference, amount_minor, reason, state, requested_at, provider_refund_id",
    "payments_creditrefund": "credit_id, reference, amount_minor, reason, entry_id, requested_at, provider_refund_id",
    "payments_creditapplication": "credit_id, payment_id, amount_minor, applied_at",
    "sales_invoice": "order_id, year, number, issued_on, seller, customer_name, customer_address, currency,"
    " amount_minor, entry_id, state, file, failure",
}


def insert_again(table, **changed):
    """The same row, by raw SQL. The number of inserted rows."""
    columns = [name.strip() for name in COPIED_COLUMNS[table].split(",")]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"
            f" SELECT {', '.join(changed.get(name, name) for name in columns)} FROM {table}"
            " ON CONFLICT DO NOTHING"
        )
        return cursor.rowcount


@pytest.fixture
def refunded(shop, controller):
    """A payment and a credit, each with a refund of 10."""
    request = RequestPayment(reference="order:1", amount=Decimal(100), currency="USD")
    paid = dispatch(request, actor=controller)
    dispatch(ConfirmPayment(payment_id=paid.pk, provider_payment_id="bank-1"), actor=controller)
    dispatch(
        RefundPayment(payment_id=paid.pk, amount=Decimal(10), reason="Returned", reference="R1"),
        actor=controller,
    )
    transfer = ReceiveTransfer(amount=Decimal(60), currency="USD", provider_payment_id="bank-2")
    credit = dispatch(transfer, actor=controller)
    dispatch(
        RefundCredit(credit_id=credit.pk, amount=Decimal(10), reason="Too much", reference="R1"),
        actor=controller,
    )
    return credit


def test_a_refund_that_exists_is_not_counted_again(refunded):
    assert insert_again("payments_refund", state="'requested'") == 0
    assert insert_again("payments_creditrefund") == 0

    assert Payment.objects.get().refunded_minor == Credit.objects.get().used_minor == 1_000
    assert payments.reconcile() == []


def test_an_application_that_exists_is_not_counted_again(refunded, controller):
    request = RequestPayment(reference="order:2", amount=Decimal(20), currency="USD")
    payment = dispatch(request, actor=controller)
    dispatch(ApplyCredit(credit_id=refunded.pk, payment_id=payment.pk), actor=controller)

    with pytest.raises(Exception, match="not outstanding"):
        insert_of_an_application_that_does_not_exist(refunded, Payment.objects.exclude(pk=payment.pk).get())
    assert insert_again("payments_creditapplication") == 0
    assert Credit.objects.get().used_minor == 3_000


def insert_of_an_application_that_does_not_exist(credit, payment):
    """The control: the trigger still refuses a payment that is not outstanding."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_creditapplication (credit_id, payment_id, amount_minor, applied_at)"
            " VALUES (%s, %s, 1, now()) ON CONFLICT DO NOTHING",
            [credit.pk, payment.pk],
        )


@pytest.mark.exhaustive("delivers all events of two orders", one_in=3)
def test_an_invoice_that_exists_takes_no_number(shop, accountant):
    dispatch(ordered(), actor=accountant)
    settle()
    assert insert_again("sales_invoice", state="'issued'", file="''") == 0

    dispatch(ordered(), actor=accountant)
    settle()

    assert sorted(Invoice.objects.values_list("number", flat=True)) == [1, 2]
    assert queries.reconcile() == []
