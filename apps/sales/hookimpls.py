"""A closing check, personal data in sales, and its customers as payers of payments."""

from __future__ import annotations

from apps.kernel.pii import EMAIL, NAME, SECRET, TEXT, declare_pii
from apps.payments.hooks import Payer, payers
from apps.periods import hooks as periods

from . import queries, rules
from .models import Customer


def payer_of(reference: str) -> Payer | None:
    """The customer of an order."""
    order = queries.order_of(reference)
    return _payer(order.customer) if order else None


def payer_with_code(code: str) -> Payer | None:
    customer = Customer.objects.filter(code=code).first()
    return _payer(customer) if customer else None


def _payer(customer: Customer) -> Payer:
    return Payer(key=f"customer:{customer.pk}", name=customer.name)


periods.closing_check(rules.no_order_must_be_in_progress)
payers(of_reference=payer_of, with_code=payer_with_code)

declare_pii("sales.Customer", name=NAME, email=EMAIL, address=TEXT)
declare_pii("sales.Order", token=SECRET, placed_by=NAME, why=TEXT)
declare_pii("sales.Invoice", customer_name=NAME, customer_address=TEXT, failure=TEXT)
