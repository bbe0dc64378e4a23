"""Documents of invoices: stored, failed, and retried."""

from __future__ import annotations

import uuid

from apps.bus import handles
from apps.events import publish
from apps.sales import rules
from apps.sales.commands import FailInvoiceDocument, RetryInvoiceDocument, StoreInvoiceDocument
from apps.sales.events import InvoiceDocumentRetried
from apps.sales.models import Invoice


@handles(StoreInvoiceDocument)
def store_invoice_document(command: StoreInvoiceDocument) -> Invoice:
    invoice = rules.invoice_must_exist(command.invoice_id)
    if invoice.state == Invoice.State.STORED:
        return invoice

    return _moved(invoice, Invoice.State.STORED, file=command.file)


@handles(FailInvoiceDocument)
def fail_invoice_document(command: FailInvoiceDocument) -> Invoice:
    invoice = rules.invoice_must_exist(command.invoice_id)
    if invoice.state == Invoice.State.STORED:
        return invoice

    return _moved(invoice, Invoice.State.FAILED, failure=command.reason)


@handles(RetryInvoiceDocument, emits=(InvoiceDocumentRetried,))
def retry_invoice_document(command: RetryInvoiceDocument) -> Invoice:
    invoice = rules.invoice_must_exist(command.invoice_id)
    rules.document_must_have_failed(invoice)

    if invoice.state == Invoice.State.FAILED:
        _moved(invoice, Invoice.State.ISSUED)

    publish(
        InvoiceDocumentRetried(invoice_id=invoice.pk, order_id=invoice.order_id, attempt=uuid.uuid4().hex)
    )
    return invoice


def _moved(invoice: Invoice, state: Invoice.State, *, file: str = "", failure: str = "") -> Invoice:
    invoice.state, invoice.file, invoice.failure = state, file, failure
    invoice.save(update_fields=["state", "file", "failure"])
    return invoice
