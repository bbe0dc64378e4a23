"""Reactions of sales to events."""

from __future__ import annotations

from django.core.files.base import ContentFile

from apps.bus import dispatch
from apps.events import listens_to
from apps.kernel.actors import System, acting_as
from apps.kernel.files.store import files
from apps.payments import queries as payments
from apps.payments.events import PaymentConfirmed, PaymentFailed, PaymentVoided, RefundProcessed
from apps.sagas import scheduling as sagas

from . import queries
from .commands import CreditRefunds, StoreInvoiceDocument
from .events import InvoiceIssued, OrderCancelled, OrderCreated
from .models import Invoice
from .sagas import ORDER_TO_CASH, data_of

ACCOUNTING_SYSTEM, DOCUMENTS_SYSTEM = System("System (accounting)"), System("System (documents)")


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
    """Rendering is deterministic, so a redelivery after a crash at any point changes nothing."""
    # ReportLab would be a tenth of the start of every process, and one worker needs it.
    from .invoice_pdf import rendered

    invoice = Invoice.objects.select_related("order").get(pk=event.invoice_id)
    if invoice.state == Invoice.State.STORED:
        return
    document = rendered(invoice)
    _store(invoice.file_name, document)
    dispatch(StoreInvoiceDocument(invoice_id=invoice.pk, file=invoice.file_name), actor=DOCUMENTS_SYSTEM)


def _store(name: str, document: bytes) -> None:
    """Replaces an incomplete file of a killed process; leaves an equal file of a concurrent one in place."""
    store = files()
    if store.exists(name):
        with store.open(name) as existing:
            if existing.read() == document:
                return
        store.delete(name)
    stored_as = store.save(name, ContentFile(document))
    if stored_as != name:
        store.delete(stored_as)
