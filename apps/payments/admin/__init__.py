"""Pages of payments in the tenant's console: one page per file, in the order of the menu."""

from . import payments, credits, credit_commands, relations, dashboard
