"""Restores of a tenant from a backup file."""
