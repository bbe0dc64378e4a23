"""Personal data in sales."""

from apps.kernel.pii import EMAIL, NAME, SECRET, TEXT, declare_pii

declare_pii("sales.Customer", name=NAME, email=EMAIL, address=TEXT)
declare_pii("sales.Order", token=SECRET, placed_by=NAME, why=TEXT)
declare_pii("sales.Invoice", customer_name=NAME, customer_address=TEXT)
