"""Events of sales."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderCreated(Event):
    """An order was placed. Starts the saga from order to cash."""

    name = "order.created"
    instrumented_as: ClassVar[str] = "order_created"

    order_id: int
    customer_id: int

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(Event):
    """An order was cancelled."""

    name = "order.cancelled"

    order_id: int
    why: str

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class OrderCompleted(Event):
    """An order is paid, invoiced and shipped."""

    name = "order.completed"

    order_id: int

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class InvoiceDocumentRetried(Event):
    """The document of an invoice is to be made again, after it failed."""

    name = "invoice.document_retried"
    internal: ClassVar[bool] = True

    invoice_id: int
    order_id: int
    attempt: str

    @property
    def aggregate(self) -> str:
        """One of its own: the delivery does not wait for a dead one of an earlier attempt."""
        return f"order:{self.order_id}:document:{self.attempt}"


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """An invoice was numbered and posted as entry `entry_id`. Its document is not rendered yet."""

    name = "invoice.issued"
    instrumented_as: ClassVar[str] = "invoice_issued"

    invoice_id: int
    order_id: int
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"
