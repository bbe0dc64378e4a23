"""Moves of a tenant to another database, offline and online."""
