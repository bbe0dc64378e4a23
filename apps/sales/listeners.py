"""What sales do when others tell."""

from __future__ import annotations

from django.core.files.base import ContentFile

from apps.bus import dispatch
from apps.events import listens_to
from apps.kernel.actors import System, acting_as
from apps.kernel.files import files
from apps.payments import queries as payments
from apps.payments.events import PaymentConfirmed, PaymentFailed, RefundProcessed
from apps.sagas import runs as sagas

from . import queries
from .commands import CreditRefunds, StoreInvoiceDocument
from .events import InvoiceIssued, OrderCancelled, OrderCreated
from .invoice_pdf import rendered
from .models import Invoice
from .sagas import ORDER_TO_CASH, data_of

ACCOUNTING_SYSTEM, DOCUMENTS_SYSTEM = System("System (accounting)"), System("System (documents)")


# The journey from order to cash


@listens_to(OrderCreated, queue="financial")
def set_out(event: OrderCreated) -> None:
    order = queries.order(event.order_id)
    with acting_as(System(order.placed_by)):
        sagas.begin(ORDER_TO_CASH, data_of(order), subject=order.subject)


@listens_to(PaymentConfirmed, queue="financial")
def go_on_when_paid(event: PaymentConfirmed) -> None:
    sagas.resume(event.reference)


@listens_to(PaymentFailed, queue="financial")
def turn_back_when_not_paid(event: PaymentFailed) -> None:
    sagas.resume(event.reference)


@listens_to(OrderCancelled, queue="financial")
def turn_back_when_cancelled(event: OrderCancelled) -> None:
    sagas.resume(f"order:{event.order_id}")


# Refunds


@listens_to(RefundProcessed, queue="financial")
def credit_refund(event: RefundProcessed) -> None:
    """Whoever refunded, and whatever for: an order's refund is taken off its sale."""
    if order := queries.order_of(event.reference):
        dispatch(CreditRefunds(order_id=order.pk), actor=ACCOUNTING_SYSTEM)


@listens_to(InvoiceIssued, queue="financial")
def credit_earlier_refunds(event: InvoiceIssued) -> None:
    """What was refunded before there was a sale to take it off."""
    if payments.refunds_for(f"order:{event.order_id}"):
        dispatch(CreditRefunds(order_id=event.order_id), actor=ACCOUNTING_SYSTEM)


# Documents


@listens_to(InvoiceIssued, own_transactions=True)
def file_document(event: InvoiceIssued) -> None:
    """The same invoice is the same bytes, so whoever does it again, after a crash at any point, changes nothing."""
    invoice = Invoice.objects.select_related("order").get(pk=event.invoice_id)
    if invoice.state == Invoice.State.STORED:
        return
    document = rendered(invoice)
    _put(invoice.file_name, document)
    dispatch(StoreInvoiceDocument(invoice_id=invoice.pk, file=invoice.file_name), actor=DOCUMENTS_SYSTEM)


def _put(name: str, document: bytes) -> None:
    """What is half there, of a process that died, is replaced; what another one put there meanwhile stays."""
    store = files()
    if store.exists(name):
        with store.open(name) as there:
            if there.read() == document:
                return
        store.delete(name)
    kept = store.save(name, ContentFile(document))
    if kept != name:
        store.delete(kept)
