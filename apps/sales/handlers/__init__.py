"""How sales do what they are asked."""

from . import customers, invoices, orders  # noqa: F401
