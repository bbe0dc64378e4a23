"""Handlers of the commands of sales."""

from . import customers, invoices, orders  # noqa: F401
