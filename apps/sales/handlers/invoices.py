"""Invoices. A listener renders their documents after commit."""

from __future__ import annotations

import datetime as dt

from apps.bus import dispatch, handles
from apps.companies import queries as companies
from apps.events import publish
from apps.kernel.money import Money
from apps.ledger.commands import BookEntry, Line
from apps.ledger.models import Entry
from apps.payments import queries as payments
from apps.sales import queries, rules
from apps.sales.commands import CreditRefunds, IssueInvoice
from apps.sales.events import InvoiceIssued
from apps.sales.models import Invoice, Order
from apps.settings.business_day import business_day


@handles(IssueInvoice, emits=(InvoiceIssued,))
def issue_invoice(command: IssueInvoice) -> Invoice:
    order = rules.order_must_exist(command.order_id)
    if order.has_reached(Order.State.INVOICED):
        return Invoice.objects.get(order=order)
    rules.order_must_be(order, Order.State.PAID)
    payment = rules.payment_must_not_be_refunded(order)

    company, day = companies.first_company(), business_day()
    entry = _book(
        order,
        memo=f"Invoice for order {order}",
        source=command.natural_key(),
        debit=payments.receivable_account_of_payment(payment),
        credit=queries.revenue_account(),
        amount=order.total,
        day=day,
        settles=payment.entry if payment else None,
    )
    order.move_to(Order.State.INVOICED)
    invoice = Invoice.objects.create(
        order=order,
        year=day.year,
        number=0,
        issued_on=day,
        seller=company.name if company else "",
        customer_name=order.customer.name,
        customer_address=order.customer.address,
        currency=order.currency,
        amount_minor=order.amount_minor,
        entry=entry,
    )
    invoice.refresh_from_db(fields=["number"])

    publish(InvoiceIssued(invoice_id=invoice.pk, order_id=order.pk, entry_id=entry.pk))
    return invoice


@handles(CreditRefunds)
def credit_refunds(command: CreditRefunds) -> Order:
    """Each refund is posted once, identified by its source; a repeated command posts nothing."""
    order = rules.order_must_exist(command.order_id)
    if not order.has_reached(Order.State.INVOICED):
        return order

    for refund in payments.refunds_for(order.subject):
        if Entry.objects.filter(source=f"refund_credited:{refund.pk}").exists():
            continue  # posted before, perhaps to accounts that were configured then
        _book(
            order,
            memo=f"Refunded of order {order}: {refund.reason}",
            source=f"refund_credited:{refund.pk}",
            debit=queries.refunds_account(),
            credit=payments.receivable_account_of_refund(refund),
            amount=refund.amount,
            day=business_day(),
            settles=refund.entry,
        )
    return order


def _book(
    order: Order,
    *,
    memo: str,
    source: str,
    debit: str,
    credit: str,
    amount: Money,
    day: dt.date,
    settles: Entry | None,
) -> Entry:
    rules.booking_must_be_possible("" if settles else amount.currency.code, day)
    entry: Entry = dispatch(
        BookEntry(
            occurred_on=day,
            memo=memo,
            payee=order.customer.name,
            reference=order.subject,
            source=source,
            settles=settles.pk if settles else 0,
            lines=(
                Line(debit, amount.currency.code, amount.amount),
                Line(credit, amount.currency.code, -amount.amount),
            ),
        )
    )
    return entry
