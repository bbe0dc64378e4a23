"""Backup, restore, move and clone of a whole tenant."""
