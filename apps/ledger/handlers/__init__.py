"""Handlers of the commands of the ledger."""

from . import accounts, booking, entries, exports, imports
