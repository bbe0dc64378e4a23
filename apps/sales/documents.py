"""Makes the document of an invoice, after the commit that issues it."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch
from apps.events import queries as events
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.kernel.files.store import files
from apps.notices.hooks import declare_kind

from . import queries
from .commands import FailInvoiceDocument, StoreInvoiceDocument
from .models import Invoice

ACTOR = System("System (documents)")
FAILED = declare_kind("invoice.documents_failed", _("you work with invoices"), "tenants")
SUBSCRIBERS = ("sales.store_document", "sales.store_document_again")


def make(invoice_id: int) -> None:
    """Rendering is deterministic, so a repetition after a crash at any point changes nothing.

    Every failure is shown on the invoice. A refusal, such as for characters that no font prints, would be repeated, so
    it is final; other failures, such as of the object store, are raised and retried by the delivery.
    """
    invoice = Invoice.objects.select_related("order").get(pk=invoice_id)
    if invoice.state == Invoice.State.STORED and not queries.document_is_missing(invoice):
        return
    # ReportLab would be a tenth of the start of every process, and one worker needs it.
    from .invoice_pdf import rendered

    try:
        document = rendered(invoice)
    except Refusal as refusal:
        _fail(invoice, str(refusal))
        return
    try:
        _store(invoice.file_name, document)
        dispatch(StoreInvoiceDocument(invoice_id=invoice.pk, file=invoice.file_name), actor=ACTOR)
    except Exception as error:
        _fail(invoice, f"The document could not be stored ({type(error).__name__}).")
        raise


def without_attempts_left() -> list[Invoice]:
    """The invoices whose document failed in all automatic attempts."""
    failed = list(Invoice.objects.filter(state=Invoice.State.FAILED).select_related("order"))
    pending = events.aggregates_pending(SUBSCRIBERS) if failed else set()
    waiting = {aggregate.partition(":document:")[0] for aggregate in pending}
    return [invoice for invoice in failed if invoice.order.subject not in waiting]


def _fail(invoice: Invoice, reason: str) -> None:
    if (invoice.state, invoice.failure) != (Invoice.State.FAILED, reason):
        dispatch(FailInvoiceDocument(invoice_id=invoice.pk, reason=reason), actor=ACTOR)


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
