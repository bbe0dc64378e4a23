"""Reactions of sales to events."""

from __future__ import annotations

from apps.bus import dispatch
from apps.events import listens_to
from apps.kernel.actors import System, acting_as
from apps.payments import queries as payments
from apps.payments.events import PaymentConfirmed, PaymentFailed, PaymentVoided, RefundProcessed
from apps.sagas import scheduling as sagas

from . import documents, queries
from .commands import CreditRefunds
from .events import InvoiceDocumentRetried, InvoiceIssued, OrderCancelled, OrderCreated
from .sagas import ORDER_TO_CASH, data_of

ACCOUNTING_SYSTEM = System("System (accounting)")


# The saga from order to cash


@listens_to(OrderCreated, queue="financial")
def begin_order_to_cash(event: OrderCreated) -> None:
    order = queries.order(event.order_id)
    with acting_as(System(order.placed_by)):
        sagas.begin(ORDER_TO_CASH, data_of(order), subject=order.subject)


@listens_to(PaymentConfirmed, queue="financial")
def resume_when_paid(event: PaymentConfirmed) -> None:
    sagas.resume(event.reference)


@listens_to(PaymentFailed, queue="financial")
def compensate_when_payment_failed(event: PaymentFailed) -> None:
    sagas.resume(event.reference)


@listens_to(PaymentVoided, queue="financial")
def compensate_when_payment_voided(event: PaymentVoided) -> None:
    sagas.resume(event.reference)


@listens_to(RefundProcessed, queue="financial")
def compensate_when_payment_refunded(event: RefundProcessed) -> None:
    sagas.resume(event.reference)


@listens_to(OrderCancelled, queue="financial")
def compensate_when_cancelled(event: OrderCancelled) -> None:
    sagas.resume(f"order:{event.order_id}")


# Refunds


@listens_to(RefundProcessed, queue="financial")
def credit_refund(event: RefundProcessed) -> None:
    """Every refund of an order reduces its revenue, whichever command made it."""
    if order := queries.order_of(event.reference):
        dispatch(CreditRefunds(order_id=order.pk), actor=ACCOUNTING_SYSTEM)


@listens_to(InvoiceIssued, queue="financial")
def credit_earlier_refunds(event: InvoiceIssued) -> None:
    """Refunds made before the invoice are credited once it is issued."""
    if payments.refunds_for(f"order:{event.order_id}"):
        dispatch(CreditRefunds(order_id=event.order_id), actor=ACCOUNTING_SYSTEM)


# Documents


@listens_to(InvoiceIssued, own_transactions=True)
def store_document(event: InvoiceIssued) -> None:
    documents.make(event.invoice_id)


@listens_to(InvoiceDocumentRetried, own_transactions=True)
def store_document_again(event: InvoiceDocumentRetried) -> None:
    documents.make(event.invoice_id)
