"""Pages of the ledger in the tenant's console: one page per file, in the order of the menu."""

from . import new_entry, entries, export, imports, import_page, trial_balance, statement, accounts, dashboard
