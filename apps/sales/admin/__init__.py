"""Pages of sales in the tenant's console: one page per file, in the order of the menu."""

from . import new_order, orders, order_commands, invoices, customers, relations, dashboard
