"""What has happened in sales."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderCreated(Event):
    """A customer has ordered. The journey from order to cash sets out."""

    name = "order.created"
    instrumented_as: ClassVar[str] = "order_created"

    order_id: int
    customer_id: int

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class OrderCancelled(Event):
    """Nothing will come of the order."""

    name = "order.cancelled"

    order_id: int
    why: str

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class OrderCompleted(Event):
    """The order is paid, invoiced and delivered."""

    name = "order.completed"

    order_id: int

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """The invoice has its number and is in the books by the entry. Its document is not made yet."""

    name = "invoice.issued"
    instrumented_as: ClassVar[str] = "invoice_issued"

    invoice_id: int
    order_id: int
    entry_id: int

    @property
    def aggregate(self) -> str:
        return f"order:{self.order_id}"
