"""Handlers of the commands of the ledger."""

from . import accounts, entries, imports  # noqa: F401
