"""The commands of sales. Prices and amounts are in major units of the order's currency."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import multiline, printed, verbatim


@dataclass(frozen=True, kw_only=True)
class AddCustomer(Command):
    """Add a customer. The address is printed on invoices as it is, line by line."""

    permission = "sales.manage_customers"
    audit_message = gettext_noop("added the customer {result}")

    code: str
    name: str = field(metadata=printed)
    email: str = ""
    address: str = field(default="", metadata=printed | multiline)


@dataclass(frozen=True, kw_only=True)
class ChangeCustomer(Command):
    """Change the name, e-mail address or address of a customer. Issued invoices keep what they state.

    A field that is null stays as it is."""

    permission = "sales.manage_customers"
    audit_message = gettext_noop("changed the customer {result}")

    customer_id: int
    name: str | None = field(default=None, metadata=printed)
    email: str | None = None
    address: str | None = field(default=None, metadata=printed | multiline)


@dataclass(frozen=True, kw_only=True)
class DeactivateCustomer(Command):
    """Take no more orders of a customer. Existing orders and invoices remain."""

    permission = "sales.manage_customers"
    schedulable = True
    audit_message = gettext_noop("deactivated the customer {result}")

    customer_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateCustomer(Command):
    """Take orders of a deactivated customer again."""

    permission = "sales.manage_customers"
    schedulable = True
    audit_message = gettext_noop("reactivated the customer {result}")

    customer_id: int
    reason: str


@dataclass(frozen=True)
class OrderedItem:
    """A quantity of one item, by its stock-keeping code, at a unit price."""

    sku: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class PlaceOrder(Command):
    """Place an order and start its workflow: the order is confirmed, its goods are reserved and its payment is
    requested; once paid, it is invoiced and shipped. If a step before the invoice fails, the order is cancelled.

    customer  the code of a customer
    provider  the payment method: manual (bank transfer) or sandbox (a simulated card)
    token     the provider's token for the customer's card
    """

    permission = "sales.place_order"
    audit_message = gettext_noop("placed order {result}")
    moves_money: ClassVar[bool] = True
    queue = "financial"

    customer: str
    currency: str
    lines: tuple[OrderedItem, ...]
    provider: str = "manual"
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class ConfirmOrder(Command):
    """Confirm an order, so that it is processed only once."""

    permission = "sales.process_order"
    audit_message = gettext_noop("confirmed order {result}")
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class MarkOrderPaid(Command):
    """Record that the order's payment was received."""

    permission = "sales.process_order"
    audit_message = gettext_noop("marked order {result} as paid")
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class CompleteOrder(Command):
    """Record that an order is paid, invoiced and shipped."""

    permission = "sales.process_order"
    audit_message = gettext_noop("completed order {result}")
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class CancelOrder(Command):
    """Cancel an order that is not invoiced yet. Its goods are released and its payment is refunded."""

    permission = "sales.cancel_order"
    audit_message = gettext_noop("cancelled order {result}")
    queue = "financial"

    order_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundOrder(Command):
    """Refund part or all of a paid order, and reduce its revenue by the same amount.

    reference  identifies the refund among those of the order: a repeated reference returns the existing refund
    """

    permission = "sales.refund_order"
    audit_message = gettext_noop("refunded {amount} of order {order_id}")
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("order_id", "reference", "amount")

    order_id: int
    amount: Decimal
    reason: str
    reference: str

    def natural_key(self) -> str:
        return f"order_refund:{self.order_id}:{self.reference}"


@dataclass(frozen=True, kw_only=True)
class IssueInvoice(Command):
    """Issue the invoice of a paid order: assigns the next number of its year and posts it to the ledger."""

    permission = "sales.issue_invoice"
    audit_message = gettext_noop("issued invoice {result}")
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("order_id",)

    order_id: int

    def natural_key(self) -> str:
        return f"invoice_issued:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class StoreInvoiceDocument(Command):
    """Record the storage key of an invoice's document."""

    permission = "sales.issue_invoice"
    audit_message = gettext_noop("stored the document of invoice {result}")

    invoice_id: int
    file: str = field(metadata=verbatim)


@dataclass(frozen=True, kw_only=True)
class FailInvoiceDocument(Command):
    """Record that an invoice's document could not be made."""

    permission = "sales.issue_invoice"
    audit_message = gettext_noop("recorded that the document of invoice {result} failed: {reason}")

    invoice_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RetryInvoiceDocument(Command):
    """Make the document of an invoice again, after it failed, or if its file is missing."""

    permission = "sales.issue_invoice"
    audit_message = gettext_noop("retried the document of invoice {result}")

    invoice_id: int


@dataclass(frozen=True, kw_only=True)
class CreditRefunds(Command):
    """Post the refunds of an invoiced order against its revenue."""

    permission = "sales.issue_invoice"
    audit_message = gettext_noop("credited the refunds of order {result}")
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class SetUpSales(Command):
    """Open the missing accounts that sales and payments post to."""

    permission = "sales.set_up_sales"
    audit_message = gettext_noop("set up sales")
