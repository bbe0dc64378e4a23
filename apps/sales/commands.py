"""What sales can be asked. Prices and amounts are in major units of the order's currency."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from apps.bus import Command


@dataclass(frozen=True, kw_only=True)
class AddCustomer(Command):
    """Add somebody who buys. The address is written as it stands on an invoice, line by line."""

    permission = "sales.manage_customers"
    audit_message = "added the customer {result}"

    code: str
    name: str
    email: str = ""
    address: str = ""


@dataclass(frozen=True)
class OrderedItem:
    """So many of one item, by its stock-keeping code, at a price for each."""

    sku: str
    quantity: int
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class PlaceOrder(Command):
    """Take an order. What follows goes by itself: it is locked, its goods are reserved, its payment is asked for, and
    when that has come it is invoiced and delivered; otherwise all of it is taken back.

    customer  the code of a customer
    provider  how it is paid: manual (bank transfer) or sandbox (a simulated card)
    token     what the provider knows the customer's card by
    """

    permission = "sales.place_order"
    audit_message = "placed order {result}"
    moves_money: ClassVar[bool] = True
    queue = "financial"

    customer: str
    currency: str
    lines: tuple[OrderedItem, ...]
    provider: str = "manual"
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class ConfirmOrder(Command):
    """Begin to work on an order, so that it is not worked on twice."""

    permission = "sales.process_order"
    audit_message = "confirmed order {result}"
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class MarkOrderPaid(Command):
    """Note that the order's payment has come."""

    permission = "sales.process_order"
    audit_message = "noted that order {result} is paid"
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class CompleteOrder(Command):
    """Note that nothing is left to do for an order."""

    permission = "sales.process_order"
    audit_message = "completed order {result}"
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class CancelOrder(Command):
    """Give up an order that is not invoiced yet. Its goods are released, and what was paid is given back."""

    permission = "sales.cancel_order"
    audit_message = "cancelled order {result}"
    queue = "financial"

    order_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundOrder(Command):
    """Give a customer money back for an order that is paid, and take it off the sale.

    reference  tells one refund of the order from another: the same again is the refund that is there
    """

    permission = "sales.refund_order"
    audit_message = "refunded {amount} of order {order_id}"
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
    """Issue the invoice of an order that is paid: it gets the next number of its year and is posted to the books."""

    permission = "sales.issue_invoice"
    audit_message = "issued invoice {result}"
    moves_money: ClassVar[bool] = True
    queue = "financial"
    fact = ("order_id",)

    order_id: int

    def natural_key(self) -> str:
        return f"invoice_issued:{self.order_id}"


@dataclass(frozen=True, kw_only=True)
class StoreInvoiceDocument(Command):
    """Note where an invoice's document is kept."""

    permission = "sales.issue_invoice"
    audit_message = "filed invoice {result}"

    invoice_id: int
    file: str


@dataclass(frozen=True, kw_only=True)
class CreditRefunds(Command):
    """Take what was refunded for an invoiced order off its sale, in the books."""

    permission = "sales.issue_invoice"
    audit_message = "credited what was refunded for order {result}"
    queue = "financial"

    order_id: int


@dataclass(frozen=True, kw_only=True)
class SetUpSales(Command):
    """Open the accounts that sales and payments post to, where they are missing."""

    permission = "sales.set_up_sales"
    audit_message = "set up sales"
