"""Handlers of the commands of the ledger."""

from . import accounts, entries, exports, imports  # noqa: F401
