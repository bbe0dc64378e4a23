"""Validation of changes of flags."""
