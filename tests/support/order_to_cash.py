"""Order to cash under crashes: committed rows, and the consistency of all apps."""

from __future__ import annotations

from apps.audit.models import Record
from apps.events.models import Delivery, OutboxEvent
from apps.inventory.models import StockMove
from apps.ledger.models import Entry
from apps.payments.models import Refund, SandboxOperation
from apps.sagas.models import LogEntry
from apps.sales import queries
from apps.sales.models import Invoice


def committed_rows() -> tuple[int, ...]:
    """Counts of committed rows; none ever decreases."""
    counted = (OutboxEvent, Delivery, LogEntry, Entry, StockMove, Refund, SandboxOperation, Invoice, Record)
    done = Delivery.objects.filter(status="done").count()
    stored = Invoice.objects.filter(state=Invoice.State.STORED).count()
    return *(model._default_manager.count() for model in counted), done, stored


def assert_consistent() -> None:
    """Stock and money agree with the ledger, and each invoice has its entry. Documents and credits of refunds follow
    asynchronously, so they are excluded."""
    asynchronous = ("document", "refund_credited")
    assert not [fault for fault in queries.reconcile() if not any(word in fault for word in asynchronous)]
