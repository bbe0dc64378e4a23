"""Validation of customers, orders and invoices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.inventory.models import Item
from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.errors import together
from apps.kernel.listing import listed
from apps.kernel.money import LARGEST, Money
from apps.kernel.text import is_visible
from apps.ledger import rules as ledger
from apps.payments import queries as payments
from apps.payments.models import Payment
from apps.periods.models import Period
from apps.settings.business_day import business_day, end_of_business_day

from . import queries
from .commands import OrderedItem
from .errors import (
    CustomerAlreadyInactive,
    CustomerCodeTaken,
    CustomerIsActive,
    CustomerIsInactive,
    CustomerNameMissing,
    CustomerUnknown,
    DocumentNotFailed,
    EmailMalformed,
    InvoiceUnknown,
    ItemDuplicated,
    ItemIsInactive,
    ItemUnknown,
    LineMalformed,
    OrderIsCancelled,
    OrderIsEmpty,
    OrderIsInvoiced,
    OrderIsNotPaid,
    OrderNotReady,
    OrdersInProgress,
    OrderTotalOutOfRange,
    OrderUnknown,
)
from .models import Customer, Invoice, Order
from .setting_definitions import ACCOUNTS

MAX_QUANTITY = 10**9
MAX_ORDERS_LISTED = 10
IN_PROGRESS = (Order.State.PLACED, Order.State.CONFIRMED, Order.State.PAID)


def customer_must_be_new(code: str, name: str) -> None:
    if not is_visible(code) or not is_visible(name):
        raise CustomerNameMissing
    if Customer.objects.filter(code__iexact=code).exists():
        raise CustomerCodeTaken(code=code)


def customer_must_be_named(name: str) -> None:
    if not is_visible(name):
        raise CustomerNameMissing


def customer_must_exist_for_change(customer_id: int) -> Customer:
    """Locks the customer until the end of the transaction."""
    customer = Customer.objects.select_for_update(no_key=True).filter(pk=customer_id).first()
    if customer is None:
        raise CustomerUnknown(customer=customer_id)
    return customer


def customer_must_be_active(customer: Customer) -> None:
    if not customer.is_active:
        raise CustomerAlreadyInactive(customer=customer.code)


def customer_must_be_inactive(customer: Customer) -> None:
    if customer.is_active:
        raise CustomerIsActive(customer=customer.code)


def email_must_be_well_formed(email: str) -> None:
    """An empty address is valid."""
    try:
        validate_email(email or "empty@example.com")
    except ValidationError:
        raise EmailMalformed(email=email) from None


def customer_must_take_orders(code: str) -> Customer:
    """The customer exists and is active; the database checks this again, on the locked row."""
    customer = Customer.objects.filter(code=code).first()
    if customer is None:
        raise CustomerUnknown(customer=code)
    if not customer.is_active:
        raise CustomerIsInactive(customer=code)
    return customer


# Order lines


@dataclass(frozen=True)
class PricedLine:
    """A validated line: its item and its unit price."""

    item: Item
    quantity: int
    price: Money


def order_must_be_valid(lines: Sequence[OrderedItem], iso: str) -> list[PricedLine]:
    """The validated lines: existing items, each on one line, with a total above zero."""
    currency_must_be_valid_on(iso, business_day())
    with together() as validation:
        validation.check(items_must_be_unique, lines)
        items = {item.sku: item for item in Item.objects.filter(sku__in=[line.sku for line in lines])}
        priced = [
            validation.check(line_must_be_valid, number, line, items.get(line.sku), iso)
            for number, line in enumerate(lines, start=1)
        ]
    if not 0 < sum(line.quantity * line.price.minor for line in priced) <= LARGEST:
        raise OrderTotalOutOfRange
    return priced


def items_must_be_unique(lines: Sequence[OrderedItem]) -> None:
    if not lines:
        raise OrderIsEmpty
    skus = [line.sku for line in lines]
    for sku in skus:
        if skus.count(sku) > 1:
            raise ItemDuplicated(sku=sku)


def line_must_be_valid(number: int, line: OrderedItem, item: Item | None, iso: str) -> PricedLine:
    price = Money.of(line.price, iso)
    if item is None:
        raise ItemUnknown(item=line.sku)
    if not item.is_active:
        raise ItemIsInactive(item=line.sku)
    if not 0 < line.quantity <= MAX_QUANTITY or price.minor < 0:
        raise LineMalformed(line=number)
    return PricedLine(item, line.quantity, price)


# Booking


def booking_must_be_possible(currency: str = "", day: dt.date | None = None) -> None:
    """Before an order is taken, and before an entry of the day: the accounts of payments and sales, and an open day."""
    ledger.booking_must_be_possible(
        day or business_day(), (*payments.account_settings(), *ACCOUNTS), currency=currency
    )


def accounts_must_take_postings() -> None:
    """The accounts of payments and sales, which may have child accounts or be inactive."""
    ledger.accounts_of_settings_must_take_postings((*payments.account_settings(), *ACCOUNTS))


def no_order_must_be_in_progress(period: Period) -> None:
    """The closing check of sales: every order placed up to the end of the period is invoiced or cancelled."""
    in_progress = Order.objects.filter(
        state__in=IN_PROGRESS, placed_at__lt=end_of_business_day(period.ends_on)
    ).order_by("pk")
    if names := [str(order) for order in in_progress]:
        raise OrdersInProgress(period=period.code, orders=listed(names, MAX_ORDERS_LISTED), count=len(names))


# States of an order


def order_must_exist(order_id: int) -> Order:
    """Locks the order until the end of the transaction, so that its changes are serialised."""
    order = Order.objects.select_for_update().filter(pk=order_id).first()
    if order is None:
        raise OrderUnknown(order_id=order_id)
    return order


def order_must_be(order: Order, needed: Order.State) -> None:
    if order.state == Order.State.CANCELLED:
        refuse_cancelled(order)
    if order.state != needed:
        raise OrderNotReady(order=order, state=order.state, needed=needed.label.lower())


def refuse_cancelled(order: Order) -> NoReturn:
    raise OrderIsCancelled(order=order, why=order.why)


def order_must_not_be_invoiced(order: Order) -> None:
    if order.has_reached(Order.State.INVOICED):
        raise OrderIsInvoiced(order=order)


def order_must_have_been_paid(order: Order) -> Payment:
    """Its latest confirmed payment, preferably one that is not fully refunded."""
    confirmed = [
        payment
        for payment in payments.payments_for(order.subject)
        if payment.state == Payment.State.CONFIRMED
    ]
    if not confirmed:
        raise OrderIsNotPaid(order=order)
    return max(confirmed, key=lambda payment: (payment.refundable.minor > 0, payment.pk))


def payment_must_not_be_refunded(order: Order) -> Payment | None:
    """The payment of the order, if it has one. Locks its confirmed payments until the end of the transaction; they must
    not be fully refunded."""
    confirmed = Payment.objects.select_for_update().filter(
        reference=order.subject, state=Payment.State.CONFIRMED
    )
    paid = next((payment for payment in confirmed if payment.refundable.minor), None)
    if confirmed and paid is None:
        raise OrderIsNotPaid(order=order)
    return paid


def invoice_must_exist(invoice_id: int) -> Invoice:
    invoice = Invoice.objects.select_for_update().filter(pk=invoice_id).first()
    if invoice is None:
        raise InvoiceUnknown(invoice_id=invoice_id)
    return invoice


def document_must_have_failed(invoice: Invoice) -> None:
    """Or be missing, as all files are in a copy of a tenant without its files."""
    if invoice.state != Invoice.State.FAILED and not queries.document_is_missing(invoice):
        raise DocumentNotFailed(invoice=invoice, state=invoice.get_state_display().lower())
