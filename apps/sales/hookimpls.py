"""A closing check, and personal data in sales."""

from apps.kernel.pii import EMAIL, NAME, SECRET, TEXT, declare_pii
from apps.periods import hooks as periods

from . import rules

periods.closing_check(rules.no_order_must_be_in_progress)

declare_pii("sales.Customer", name=NAME, email=EMAIL, address=TEXT)
declare_pii("sales.Order", token=SECRET, placed_by=NAME, why=TEXT)
declare_pii("sales.Invoice", customer_name=NAME, customer_address=TEXT, failure=TEXT)
