"""Customers, orders and invoices."""
