"""A closing check, personal data in sales, and its customers as payers of payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from apps.attachments.hooks import attachable
from apps.kernel.pii import EMAIL, NAME, SECRET, TEXT, declare_pii, declare_references
from apps.kernel.search import May, Request
from apps.ledger.hooks import Document, declare_document
from apps.payments.hooks import Matching, Payer, payers
from apps.periods import hooks as periods

from . import queries, rules
from .models import Customer, Order
from .search import CUSTOMERS, NUMBERS_AND_CUSTOMERS


def payer_of(reference: str) -> Payer | None:
    """The customer of an order."""
    order = queries.order_of(reference)
    return _payer(order.customer) if order else None


def payer_with_code(code: str) -> Payer | None:
    customer = Customer.objects.filter(code=code).first()
    return _payer(customer) if customer else None


def _payer(customer: Customer) -> Payer:
    return Payer(key=customer.payer_key, name=customer.name)


def payers_matching(request: Request) -> Matching | None:
    """Orders with this number or customer, as far as the user may view orders and customers."""
    orders, customers = Order.objects.using(request.database), Customer.objects.using(request.database)
    may_view = {name: request.may(f"sales.view_{name}") for name in ("order", "customer")}
    if not any(may_view.values()):
        return None
    matching = (
        NUMBERS_AND_CUSTOMERS.rows(orders, request.word, request.may) if may_view["order"] else orders.none()
    )
    payers = (
        CUSTOMERS.rows(customers, request.word, request.may) if may_view["customer"] else customers.none()
    )
    return Matching(references=_names("order:", matching), keys=_names("customer:", payers))


def names_of_payers(references: Sequence[str], may: May) -> Mapping[str, str]:
    """The names of the customers of orders, by the references of the orders."""
    if not may("sales.view_customer"):
        return {}
    orders = _names("order:", Order.objects.all()).annotate(name=F("customer__name"))
    return dict(orders.filter(reference__in=references).values_list("reference", "name"))


def _names(prefix: str, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    """The references of rows in other apps."""
    reference = Concat(Value(prefix), Cast("pk", CharField()))
    named: QuerySet[Any, Any] = rows.order_by().annotate(reference=reference).values("reference")
    return named


declare_document(
    Document(fact="invoice_issued", name=_("an invoice"), correction=_("Refund the order instead.")),
    Document(
        fact="refund_credited",
        name=_("the refund of an order"),
        correction=_("A refund is final: place another order instead."),
    ),
)
periods.closing_check(rules.no_order_must_be_in_progress)
payers(of_reference=payer_of, with_code=payer_with_code, matching=payers_matching, names=names_of_payers)

declare_references("customer", "order", "invoice_issued", "refund_credited")
declare_pii("sales.Customer", name=NAME, email=EMAIL, address=TEXT)
declare_pii("sales.Order", token=SECRET, placed_by=NAME, why=TEXT)
declare_pii("sales.Invoice", customer_name=NAME, customer_address=TEXT, failure=TEXT)

attachable("sales.Invoice", title=_("invoice"))
attachable("sales.Order", title=_("order"))
