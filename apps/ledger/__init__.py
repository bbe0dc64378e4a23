"""Accounts, journals and entries."""
