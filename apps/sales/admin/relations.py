"""Orders, invoices and customers on the pages of other records, and those records on the pages of orders and customers.

Records of lower apps name an order by its reference ("order:12").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.related import Cell, Kind, describe, relate, table_of
from apps.inventory.models import Reservation
from apps.kernel.notation import is_whole_number
from apps.kernel.notation.shown import shown_day
from apps.ledger.models import Entry
from apps.payments.models import Credit, CreditRefund, Payment, Refund
from apps.payments.queries import credits_of
from apps.sales.models import Customer, Invoice, Order

from .order_history import history

Orders = QuerySet[Order]


def _this(order: Order) -> Orders:
    return Order.objects.filter(pk=order.pk)


def _of(customer: Customer) -> Orders:
    return Order.objects.filter(customer=customer)


def _named_by(*references: str) -> Orders:
    """The orders of references, which may also be of something else."""
    return Order.objects.select_related("customer").filter(pk__in=_numbers("order", references))


def _numbers(kind: str, references: Iterable[str]) -> list[int]:
    """The numbers of the rows of this kind that the references name: 12 for "order:12"."""
    parts = (reference.partition(":") for reference in references)
    return [int(number) for name, _colon, number in parts if name == kind and is_whole_number(number)]


def _references(orders: Orders) -> QuerySet[Any]:
    return orders.order_by().values_list(Concat(Value("order:"), Cast("pk", CharField())))


def _payments(orders: Orders) -> QuerySet[Payment]:
    return Payment.objects.filter(reference__in=_references(orders)).order_by("-id")


def _refunds(orders: Orders) -> QuerySet[Refund]:
    refunds = Refund.objects.filter(payment__reference__in=_references(orders))
    return refunds.select_related("payment").order_by("-id")


def _credits(orders: Orders) -> QuerySet[Credit]:
    """Money on account for the orders, or that covered their payments, or to which a refund went back."""
    of_payments = credits_of(_payments(orders).order_by()).order_by().values("pk")
    return Credit.objects.filter(Q(reference__in=_references(orders)) | Q(pk__in=of_payments))


def _credits_of_customer(customer: Customer) -> QuerySet[Credit]:
    return Credit.objects.filter(payer=customer.payer_key)


def _entries(orders: Orders) -> QuerySet[Entry]:
    return Entry.objects.with_numbers().filter(reference__in=_references(orders)).order_by("-id")


def _entries_of_customer(customer: Customer) -> QuerySet[Entry]:
    credits = _credits_of_customer(customer).order_by()
    booked = (
        Q(reference__in=_references(_of(customer)))
        | Q(pk__in=credits.values("entry"))
        | Q(pk__in=CreditRefund.objects.filter(credit__in=credits).values("entry"))
    )
    return Entry.objects.with_numbers().filter(booked).order_by("-id")


def _orders_of_credit(credit: Credit) -> Orders:
    """The order that the money was for, and those whose payments it covered."""
    subjects = Payment.objects.filter(applications__credit=credit).values_list("reference", flat=True)
    return _named_by(credit.reference, *subjects)


def _customers(payers: Iterable[str]) -> QuerySet[Customer]:
    return Customer.objects.filter(pk__in=_numbers("customer", payers))


def _customer_of_entry(entry: Entry) -> QuerySet[Customer]:
    payers = Credit.objects.filter(Q(entry=entry) | Q(refunds__entry=entry)).values_list("payer", flat=True)
    of_order = _named_by(entry.reference).order_by().values("customer")
    return Customer.objects.filter(Q(pk__in=_numbers("customer", payers)) | Q(pk__in=of_order))


def _document(invoice: Invoice) -> Cell:
    if invoice.state == Invoice.State.STORED:
        return gettext("Download"), reverse("admin:download_invoice", args=[invoice.pk])
    if invoice.state == Invoice.State.FAILED:
        return gettext("Failed: {reason}").format(reason=invoice.failure)
    return gettext("Pending")


describe(
    Kind(
        model="sales.customer",
        title=_("Customer"),
        permission="sales.view_customer",
        headers=(_("Code"), _("Name")),
        cells=lambda customer: (customer.code, customer.name),
    ),
    Kind(
        model="sales.order",
        title=_("Orders"),
        permission="sales.view_order",
        headers=(_("Order"), _("Customer"), _("Total"), _("State")),
        cells=lambda order: (order.number, order.customer.name, str(order.total), order.get_state_display()),
    ),
    Kind(
        model="sales.invoice",
        title=_("Invoices"),
        permission="sales.view_invoice",
        headers=(_("Number"), _("Date"), _("Total"), _("Document")),
        cells=lambda invoice: (
            str(invoice),
            shown_day(invoice.issued_on),
            str(invoice.total),
            _document(invoice),
        ),
    ),
    Kind(
        model="inventory.reservation",
        title=_("Goods"),
        permission="inventory.view_reservation",
        headers=(_("Reservation"), _("Goods"), _("State")),
        cells=lambda reservation: (
            reservation.reference,
            ", ".join(str(line) for line in reservation.lines.all()),
            reservation.get_state_display(),
        ),
    ),
)
table_of("sales.order", history)
# The page of an order has its customer, and that of an invoice its order and its entry, as fields.
relate(
    "sales.order",
    "payments.payment",
    others_of=lambda order: _payments(_this(order)),
    ones_of=lambda payment: _named_by(payment.reference),
)
relate("sales.order", "payments.refund", others_of=lambda order: _refunds(_this(order)))
relate(
    "sales.order",
    "payments.credit",
    others_of=lambda order: _credits(_this(order)),
    ones_of=_orders_of_credit,
)
relate(
    "sales.order",
    "inventory.reservation",
    others_of=lambda order: Reservation.objects.filter(reference=order.subject).prefetch_related(
        "lines__item"
    ),
    ones_of=lambda reservation: _named_by(reservation.reference),
)
relate("sales.order", "sales.invoice", others_of=lambda order: Invoice.objects.filter(order=order))
relate(
    "sales.order",
    "ledger.entry",
    others_of=lambda order: _entries(_this(order)),
    ones_of=lambda entry: _named_by(entry.reference),
)
relate(
    "sales.invoice",
    "payments.payment",
    others_of=lambda invoice: Payment.objects.filter(reference=f"order:{invoice.order_id}").order_by("-id"),
    ones_of=lambda payment: Invoice.objects.filter(order__in=_named_by(payment.reference)),
)
relate(
    "sales.invoice",
    "payments.refund",
    others_of=lambda invoice: _refunds(Order.objects.filter(pk=invoice.order_id)),
)
relate(
    "sales.invoice",
    "ledger.entry",
    others_of=lambda invoice: _entries(Order.objects.filter(pk=invoice.order_id)),
    ones_of=lambda entry: Invoice.objects.filter(Q(entry=entry) | Q(order__in=_named_by(entry.reference))),
)
relate(
    "sales.customer",
    "sales.order",
    others_of=lambda customer: _of(customer).select_related("customer"),
    others_query=lambda customer: f"?customer__id__exact={customer.pk}",
)
relate(
    "sales.customer",
    "sales.invoice",
    others_of=lambda customer: Invoice.objects.filter(order__customer=customer),
    ones_of=lambda invoice: Customer.objects.filter(orders__invoice=invoice),
    others_query=lambda customer: "?" + urlencode({"customer_code": customer.code}),
)
relate(
    "sales.customer",
    "payments.payment",
    others_of=lambda customer: _payments(_of(customer)),
    ones_of=lambda payment: Customer.objects.filter(orders__in=_named_by(payment.reference)),
)
relate("sales.customer", "payments.refund", others_of=lambda customer: _refunds(_of(customer)))
relate(
    "sales.customer",
    "payments.credit",
    others_of=_credits_of_customer,
    ones_of=lambda credit: _customers([credit.payer]),
)
relate(
    "sales.customer",
    "ledger.entry",
    others_of=_entries_of_customer,
    ones_of=_customer_of_entry,
)
