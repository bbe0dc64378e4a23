"""Refusals of sales. The SQLSTATEs BS001… are raised by the database for the same rules (migration 0002)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired

# Customers


class CustomerUnknown(NotFound):
    message = _("There is no customer {customer!r}.")


class CustomerCodeTaken(Conflict):
    message = _("There is already a customer {code}.")
    enforced_by = ("sales_customer_code_key", "sales_customer_code_in_any_case")


class CustomerNameMissing(Invalid):
    message = _("A customer needs a code and a name.")
    enforced_by = ("sales_customer_is_named",)


class CustomerIsInactive(Conflict):
    """Also raised by the database (migration 0008)."""

    message = _("Customer {customer} is inactive, so it places no orders.")
    enforced_by = ("BS011",)


class CustomerIsActive(Conflict):
    message = _("Customer {customer} is active.")


class CustomerAlreadyInactive(Conflict):
    message = _("Customer {customer} is inactive already.")


class EmailMalformed(Invalid):
    message = _("{email!r} is not an email address.")


# Orders


class OrderUnknown(NotFound):
    message = _("There is no order {order_id}.")


class OrderIsEmpty(Invalid):
    message = _("An order needs at least one line.")


class ItemDuplicated(Invalid):
    message = _("{sku} is on more than one line: combine them into one.")
    enforced_by = ("sales_ordered_item_once",)


class ItemUnknown(NotFound):
    message = _("There is no item {item!r}.")


class ItemIsInactive(Conflict):
    """Also raised by the database (migration 0008)."""

    message = _("Item {item} is inactive, so it takes no orders.")
    enforced_by = ("BS012",)


class LineMalformed(Invalid):
    message = _("Line {line}: the quantity is a whole number above zero, and the price is zero or more.")
    enforced_by = ("sales_line_is_valid",)


class OrderTotalOutOfRange(Invalid):
    message = _(
        "The total of an order must be above zero and within the largest amount that Bursar can store."
    )
    enforced_by = ("sales_order_total_in_range",)


class OrderIsCancelled(Conflict):
    message = _("Order {order} is cancelled: {why}")


class OrderNotReady(Conflict):
    message = _("Order {order} is {state}; it must be {needed} first.")


class OrderIsInvoiced(Conflict):
    message = _("Order {order} is invoiced: refund its payment instead of cancelling it.")


class OrderIsFixed(Conflict):
    """Raised by the database on a change to the terms of an order or on an invalid transition."""

    message = _("Order {order} is {state}; this cannot be changed.")
    enforced_by = ("BS001",)


class AccountHasUninvoicedOrders(Conflict):
    message = _("Account {account} has the payment of order {order}: invoice or cancel the order first.")
    enforced_by = ("BS004",)


class OrderDoesNotAddUp(Invalid):
    message = _("The lines of order {order} do not add up to its total.")
    enforced_by = ("BS002",)


class OrderIsNotPaid(Conflict):
    message = _("Order {order} has no payment that can be refunded.")


class OrdersInProgress(Conflict):
    message = _("Period {period} has orders in progress: {orders}. Complete or cancel them first.")


class ReasonMissing(ReasonRequired):
    """For the cancellation of an order, and the deactivation of a customer."""


# Invoices


class InvoiceUnknown(NotFound):
    message = _("There is no invoice {invoice_id}.")


class InvoiceIsFixed(Conflict):
    message = _("Invoice {invoice} is issued and never changes.")
    enforced_by = ("BS003",)


class DocumentNotFailed(Conflict):
    message = _("The document of invoice {invoice} has not failed: it is {state}.")


class OrderHasInvoice(Conflict):
    message = _("The order has an invoice already.")
    enforced_by = ("sales_invoice_order_id_key",)
