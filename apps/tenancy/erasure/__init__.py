"""Erasure of a tenant: its footprint, the journal, the deletion, and the deletion again after a database restore."""
