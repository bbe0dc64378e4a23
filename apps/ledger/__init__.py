"""Accounts, journals and entries: the books."""
