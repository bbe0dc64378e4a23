"""The journey from order to cash, as crashes look at it: what is kept for good, and whether all agree."""

from __future__ import annotations

from apps.audit.models import Record
from apps.events.models import Delivery, OutboxEvent
from apps.inventory.models import StockMove
from apps.ledger.models import Entry
from apps.payments.models import Refund, SandboxOperation
from apps.sagas.models import LogEntry
from apps.sales import queries
from apps.sales.models import Invoice


def kept():
    """What is done for good: each of these only grows."""
    counted = (OutboxEvent, Delivery, LogEntry, Entry, StockMove, Refund, SandboxOperation, Invoice, Record)
    done = Delivery.objects.filter(status="done").count()
    stored = Invoice.objects.filter(state=Invoice.State.STORED).count()
    return *(model.objects.count() for model in counted), done, stored


def nothing_is_out_of_place():
    """Also in between: goods and money agree with the books, and no invoice stands without its entry. What follows a
    refund or an invoice is heard later."""
    follows = ("document", "refund_credited")
    assert not [each for each in queries.reconcile() if not any(word in each for word in follows)]
