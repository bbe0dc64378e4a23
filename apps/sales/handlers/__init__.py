"""Handlers of the commands of sales."""

from . import customers, documents, invoices, orders
