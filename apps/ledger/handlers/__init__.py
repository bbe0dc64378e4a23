"""How the ledger does what it is asked."""

from . import accounts, entries, imports  # noqa: F401
