"""What sales knows of persons."""

from apps.kernel.personal import EMAIL, NAME, SECRET, TEXT, personal

personal("sales.Customer", name=NAME, email=EMAIL, address=TEXT)
personal("sales.Order", token=SECRET, placed_by=NAME, why=TEXT)
personal("sales.Invoice", customer_name=NAME, customer_address=TEXT)
